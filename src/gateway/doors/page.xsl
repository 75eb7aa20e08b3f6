<?xml version="1.0" encoding="UTF-8"?>
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:marc="http://www.loc.gov/MARC21/slim"
  xmlns:mx="info:lc/xmlns/marcxchange-v2" exclude-result-prefixes="marc mx">
  <!-- What the pages of all doors share: the frame, and records shown as text in whatever direction they are read. -->
  <xsl:output method="html" encoding="UTF-8" indent="no" doctype-system="about:legacy-compat"/>
  <xsl:param name="style"/>
  <xsl:param name="address"/>

  <xsl:template name="page">
    <xsl:param name="title"/>
    <xsl:param name="content"/>
    <html lang="en">
      <head>
        <meta name="viewport" content="width=device-width, initial-scale=1"/>
        <title><xsl:value-of select="$title"/></title>
        <style><xsl:value-of select="$style"/></style>
      </head>
      <body>
        <xsl:copy-of select="$content"/>
        <footer><p>As programs get it: <code>curl '<xsl:value-of select="$address"/>'</code></p></footer>
      </body>
    </html>
  </xsl:template>

  <!-- HTTP's own words, which no standard has a form for. -->
  <xsl:template match="/refusal">
    <xsl:call-template name="page">
      <xsl:with-param name="title" select="string(.)"/>
      <xsl:with-param name="content">
        <h1><xsl:value-of select="@status"/></h1>
        <p class="wrong" role="alert"><xsl:value-of select="."/></p>
      </xsl:with-param>
    </xsl:call-template>
  </xsl:template>

  <!-- A record of any form: its title, then every field; `lang` is unknown, so it is not said to be English. -->
  <xsl:template name="record">
    <xsl:param name="data"/>
    <xsl:variable name="titles" select="$data/descendant-or-self::*[self::marc:datafield or self::mx:datafield][@tag='245' or @tag='200'][1]/*[@code='a']
      | $data/descendant-or-self::*[local-name()='title'][not(*)]"/>
    <div lang="">
      <xsl:if test="$titles"><h2 dir="auto"><xsl:value-of select="$titles[1]"/></h2></xsl:if>
      <dl><xsl:apply-templates select="$data[self::marc:record or self::mx:record] | $data[not(self::marc:record or self::mx:record)]/*" mode="field"/></dl>
    </div>
  </xsl:template>

  <xsl:template match="marc:record | mx:record" mode="field" priority="1">
    <xsl:apply-templates select="*" mode="field"/>
  </xsl:template>

  <xsl:template match="marc:leader | marc:controlfield | mx:leader | mx:controlfield" mode="field" priority="1">
    <dt><xsl:value-of select="@tag"/><xsl:if test="not(@tag)">leader</xsl:if></dt>
    <dd><code><xsl:value-of select="."/></code></dd>
  </xsl:template>

  <xsl:template match="marc:datafield | mx:datafield" mode="field" priority="1">
    <dt><xsl:value-of select="concat(@tag, ' ', translate(@ind1, ' ', '_'), translate(@ind2, ' ', '_'))"/></dt>
    <dd dir="auto">
      <xsl:for-each select="*">
        <b>$<xsl:value-of select="@code"/></b><bdi><xsl:value-of select="."/></bdi><xsl:text> </xsl:text>
      </xsl:for-each>
    </dd>
  </xsl:template>

  <xsl:template match="*[*]" mode="field">
    <xsl:apply-templates select="*" mode="field">
      <xsl:with-param name="within" select="concat(local-name(), ' ')"/>
    </xsl:apply-templates>
  </xsl:template>

  <xsl:template match="*" mode="field">
    <xsl:param name="within"/>
    <dt><xsl:value-of select="concat($within, local-name())"/><xsl:if test="@type"> (<xsl:value-of select="@type"/>)</xsl:if></dt>
    <dd dir="auto"><xsl:value-of select="."/><xsl:if test="not(string())"><xsl:value-of select="@value"/></xsl:if></dd>
  </xsl:template>
</xsl:stylesheet>
