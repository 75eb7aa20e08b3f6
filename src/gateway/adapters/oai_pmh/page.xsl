<?xml version="1.0" encoding="UTF-8"?>
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:str="http://exslt.org/strings"
  xmlns:oai="http://www.openarchives.org/OAI/2.0/" exclude-result-prefixes="oai str">
  <!-- A response as a page to click through: whatever it holds, and the requests that lead on from it. -->
  <xsl:import href="gateway:page.xsl"/>
  <xsl:variable name="request" select="/oai:OAI-PMH/oai:request"/>
  <xsl:variable name="prefix">
    <xsl:value-of select="$request/@metadataPrefix"/>
    <xsl:if test="not($request/@metadataPrefix)">oai_dc</xsl:if>
  </xsl:variable>

  <xsl:template match="/oai:OAI-PMH">
    <xsl:call-template name="page">
      <xsl:with-param name="title" select="concat('OAI-PMH: ', $request/@verb)"/>
      <xsl:with-param name="content">
        <h1>OAI-PMH: <xsl:value-of select="$request"/></h1>
        <nav>
          <a href="?verb=Identify">Identify</a>
          <a href="?verb=ListMetadataFormats">Formats</a>
          <a href="?verb=ListSets">Sets</a>
          <a href="?verb=ListIdentifiers&amp;metadataPrefix={str:encode-uri($prefix, true())}">Identifiers</a>
          <a href="?verb=ListRecords&amp;metadataPrefix={str:encode-uri($prefix, true())}">Records</a>
        </nav>
        <p><xsl:value-of select="$request/@verb"/> as of <xsl:value-of select="oai:responseDate"/></p>
        <xsl:for-each select="oai:error">
          <p class="wrong" role="alert"><strong><xsl:value-of select="@code"/></strong>: <xsl:value-of select="."/></p>
        </xsl:for-each>
        <xsl:apply-templates select="oai:Identify | oai:ListMetadataFormats | oai:ListSets"/>
        <xsl:apply-templates select="oai:ListRecords/oai:record | oai:GetRecord/oai:record | oai:ListIdentifiers/oai:header"/>
        <xsl:apply-templates select="*/oai:resumptionToken"/>
      </xsl:with-param>
    </xsl:call-template>
  </xsl:template>

  <xsl:template match="oai:Identify">
    <dl>
      <xsl:apply-templates select="*[not(self::oai:description)]" mode="field"/>
      <xsl:apply-templates select="oai:description/*/*" mode="field"/>
    </dl>
  </xsl:template>

  <xsl:template match="oai:ListMetadataFormats">
    <table>
      <xsl:for-each select="oai:metadataFormat">
        <xsl:variable name="named" select="concat('metadataPrefix=', str:encode-uri(oai:metadataPrefix, true()))"/>
        <tr>
          <th>
            <xsl:choose>
              <xsl:when test="$request/@identifier">
                <a href="?verb=GetRecord&amp;{$named}&amp;identifier={str:encode-uri($request/@identifier, true())}">
                  <xsl:value-of select="oai:metadataPrefix"/></a>
              </xsl:when>
              <xsl:otherwise>
                <a href="?verb=ListRecords&amp;{$named}"><xsl:value-of select="oai:metadataPrefix"/></a>
              </xsl:otherwise>
            </xsl:choose>
          </th>
          <td><code><xsl:value-of select="oai:metadataNamespace"/></code></td>
          <td><code><xsl:value-of select="oai:schema"/></code></td>
        </tr>
      </xsl:for-each>
    </table>
  </xsl:template>

  <xsl:template match="oai:ListSets">
    <table>
      <xsl:for-each select="oai:set">
        <tr>
          <th><xsl:call-template name="set"><xsl:with-param name="spec" select="oai:setSpec"/></xsl:call-template></th>
          <td dir="auto"><xsl:value-of select="oai:setName"/></td>
          <td><xsl:for-each select="oai:setDescription/*"><dl><xsl:apply-templates select="*" mode="field"/></dl></xsl:for-each></td>
        </tr>
      </xsl:for-each>
    </table>
  </xsl:template>

  <xsl:template name="set">
    <xsl:param name="spec"/>
    <a href="?verb=ListRecords&amp;metadataPrefix={str:encode-uri($prefix, true())}&amp;set={str:encode-uri($spec, true())}">
      <xsl:value-of select="$spec"/></a>
  </xsl:template>

  <xsl:template match="oai:record">
    <section>
      <xsl:apply-templates select="oai:header" mode="line"/>
      <xsl:if test="oai:metadata">
        <xsl:call-template name="record"><xsl:with-param name="data" select="oai:metadata/*"/></xsl:call-template>
      </xsl:if>
      <xsl:for-each select="oai:about/*"><dl><xsl:apply-templates select="*" mode="field"/></dl></xsl:for-each>
    </section>
  </xsl:template>

  <xsl:template match="oai:header">
    <section><xsl:apply-templates select="." mode="line"/></section>
  </xsl:template>

  <xsl:template match="oai:header" mode="line">
    <xsl:variable name="identifier" select="str:encode-uri(oai:identifier, true())"/>
    <p>
      <a href="?verb=GetRecord&amp;metadataPrefix={str:encode-uri($prefix, true())}&amp;identifier={$identifier}">
        <code><xsl:value-of select="oai:identifier"/></code></a>
      <xsl:text> · </xsl:text><xsl:value-of select="oai:datestamp"/>
      <xsl:if test="@status = 'deleted'"><strong class="wrong"> deleted</strong></xsl:if>
      <xsl:for-each select="oai:setSpec">
        <xsl:text> · </xsl:text>
        <xsl:call-template name="set"><xsl:with-param name="spec" select="."/></xsl:call-template>
      </xsl:for-each>
      <xsl:text> · </xsl:text><a href="?verb=ListMetadataFormats&amp;identifier={$identifier}">formats</a>
    </p>
  </xsl:template>

  <xsl:template match="oai:resumptionToken">
    <xsl:variable name="shown" select="@cursor + count(../oai:record | ../oai:header)"/>
    <p>
      <xsl:value-of select="concat('Records ', @cursor + 1, ' to ', $shown)"/>
      <xsl:if test="@completeListSize"> of <xsl:value-of select="@completeListSize"/></xsl:if>
      <xsl:if test="string()">
        <xsl:text>. </xsl:text>
        <a href="?verb={$request/@verb}&amp;resumptionToken={str:encode-uri(., true())}" rel="next">Go on</a>
        <xsl:if test="@expirationDate"> until <xsl:value-of select="@expirationDate"/></xsl:if>
      </xsl:if>
    </p>
  </xsl:template>
</xsl:stylesheet>
