<?xml version="1.0" encoding="UTF-8"?>
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <!-- What this door is, and what is configured wrong of a peer. -->
  <xsl:import href="gateway:page.xsl"/>

  <xsl:template match="/ncip">
    <xsl:call-template name="page">
      <xsl:with-param name="title">NCIP</xsl:with-param>
      <xsl:with-param name="content">
        <h1>NCIP</h1>
        <dl>
          <xsl:for-each select="fact">
            <dt><xsl:value-of select="translate(@name, '_', ' ')"/></dt>
            <dd><xsl:value-of select="."/></dd>
          </xsl:for-each>
        </dl>
      </xsl:with-param>
    </xsl:call-template>
  </xsl:template>

  <xsl:template match="/self-test">
    <xsl:call-template name="page">
      <xsl:with-param name="title" select="concat('NCIP self-test: ', @peer, ' at ', @member)"/>
      <xsl:with-param name="content">
        <h1>NCIP self-test: <xsl:value-of select="@peer"/> at <xsl:value-of select="@member"/></h1>
        <p>
          <xsl:choose>
            <xsl:when test="@level = 'wrong'"><strong class="wrong">Something is wrong.</strong></xsl:when>
            <xsl:when test="@level = 'warning'">Nothing is wrong; something might be better.</xsl:when>
            <xsl:otherwise>Nothing is wrong.</xsl:otherwise>
          </xsl:choose>
        </p>
        <table>
          <tr><th scope="col">Setting</th><th scope="col">State</th><th scope="col">What to know, or to change</th></tr>
          <xsl:for-each select="check">
            <tr>
              <th scope="row">
                <code>
                  <xsl:call-template name="setting"><xsl:with-param name="name" select="@name"/></xsl:call-template>
                </code>
              </th>
              <td>
                <xsl:if test="@level = 'wrong'"><xsl:attribute name="class">wrong</xsl:attribute></xsl:if>
                <xsl:value-of select="@level"/>
              </td>
              <td><xsl:value-of select="."/></td>
            </tr>
          </xsl:for-each>
        </table>
      </xsl:with-param>
    </xsl:call-template>
  </xsl:template>

  <!-- A setting's name, which a narrow screen may break at its underscores. -->
  <xsl:template name="setting">
    <xsl:param name="name"/>
    <xsl:choose>
      <xsl:when test="contains($name, '_')">
        <span><xsl:value-of select="concat(substring-before($name, '_'), '_')"/></span>
        <xsl:call-template name="setting">
          <xsl:with-param name="name" select="substring-after($name, '_')"/>
        </xsl:call-template>
      </xsl:when>
      <xsl:otherwise><span><xsl:value-of select="$name"/></span></xsl:otherwise>
    </xsl:choose>
  </xsl:template>
</xsl:stylesheet>
