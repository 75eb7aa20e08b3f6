<?xml version="1.0" encoding="UTF-8"?>
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"
  xmlns:oai="http://www.openarchives.org/OAI/2.0/" xmlns:marc="http://www.loc.gov/MARC21/slim"
  exclude-result-prefixes="oai marc">
  <!-- Shows a response to a person: nothing is fetched from elsewhere, and metadata is shown as text, never as markup. -->
  <xsl:output method="html" encoding="UTF-8" indent="no" doctype-system="about:legacy-compat"/>
  <xsl:variable name="base" select="/oai:OAI-PMH/oai:request"/>
  <xsl:variable name="prefix">
    <xsl:choose>
      <xsl:when test="$base/@metadataPrefix"><xsl:value-of select="$base/@metadataPrefix"/></xsl:when>
      <xsl:otherwise>oai_dc</xsl:otherwise>
    </xsl:choose>
  </xsl:variable>

  <xsl:template match="/oai:OAI-PMH">
    <html lang="en">
      <head>
        <meta name="viewport" content="width=device-width, initial-scale=1"/>
        <title>OAI-PMH: <xsl:value-of select="oai:request/@verb"/></title>
        <style>
          body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 62rem; padding: 1rem; color: #1b1b1b; }
          nav a { margin-right: 1rem; } h1 { font-size: 1.3rem; } table { border-collapse: collapse; width: 100%; }
          th, td { text-align: left; vertical-align: top; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid #ddd; }
          th { white-space: nowrap; } section { margin: 1.5rem 0; } .gone { color: #9b1c1c; } code { overflow-wrap: anywhere; }
          .field { display: grid; grid-template-columns: 12rem 1fr; gap: .6rem; } .field span { color: #555; }
        </style>
      </head>
      <body>
        <h1>OAI-PMH: <xsl:value-of select="oai:request"/></h1>
        <nav>
          <a href="?verb=Identify">Identify</a>
          <a href="?verb=ListMetadataFormats">Formats</a>
          <a href="?verb=ListSets">Sets</a>
          <a href="?verb=ListIdentifiers&amp;metadataPrefix={$prefix}">Identifiers</a>
          <a href="?verb=ListRecords&amp;metadataPrefix={$prefix}">Records</a>
        </nav>
        <p>As of <xsl:value-of select="oai:responseDate"/></p>
        <xsl:for-each select="oai:error">
          <p class="gone"><strong><xsl:value-of select="@code"/></strong>: <xsl:value-of select="."/></p>
        </xsl:for-each>
        <xsl:apply-templates select="oai:Identify | oai:ListMetadataFormats | oai:ListSets"/>
        <xsl:apply-templates select="oai:ListRecords/oai:record | oai:GetRecord/oai:record | oai:ListIdentifiers/oai:header"/>
        <xsl:apply-templates select="*/oai:resumptionToken[string()]"/>
      </body>
    </html>
  </xsl:template>

  <xsl:template match="oai:Identify">
    <table>
      <xsl:for-each select="*[not(self::oai:description)]">
        <tr><th><xsl:value-of select="local-name()"/></th><td><xsl:value-of select="."/></td></tr>
      </xsl:for-each>
    </table>
  </xsl:template>

  <xsl:template match="oai:ListMetadataFormats">
    <table>
      <xsl:for-each select="oai:metadataFormat">
        <tr>
          <th><a href="?verb=ListRecords&amp;metadataPrefix={oai:metadataPrefix}"><xsl:value-of select="oai:metadataPrefix"/></a></th>
          <td><code><xsl:value-of select="oai:metadataNamespace"/></code></td>
        </tr>
      </xsl:for-each>
    </table>
  </xsl:template>

  <xsl:template match="oai:ListSets">
    <table>
      <xsl:for-each select="oai:set">
        <tr>
          <th><a href="?verb=ListRecords&amp;metadataPrefix={$prefix}&amp;set={oai:setSpec}"><xsl:value-of select="oai:setSpec"/></a></th>
          <td><xsl:value-of select="oai:setName"/></td>
        </tr>
      </xsl:for-each>
    </table>
  </xsl:template>

  <xsl:template match="oai:record">
    <section>
      <xsl:apply-templates select="oai:header"/>
      <xsl:apply-templates select="oai:metadata/*" mode="metadata"/>
    </section>
  </xsl:template>

  <xsl:template match="oai:header">
    <p>
      <xsl:variable name="identifier">
        <xsl:call-template name="percent-escaped"><xsl:with-param name="text" select="oai:identifier"/></xsl:call-template>
      </xsl:variable>
      <a href="?verb=GetRecord&amp;metadataPrefix={$prefix}&amp;identifier={$identifier}"><code><xsl:value-of select="oai:identifier"/></code></a>
      <xsl:text> </xsl:text><xsl:value-of select="oai:datestamp"/>
      <xsl:if test="@status = 'deleted'"><strong class="gone"> deleted</strong></xsl:if>
      <xsl:for-each select="oai:setSpec"><xsl:text> · </xsl:text><xsl:value-of select="."/></xsl:for-each>
    </p>
  </xsl:template>

  <!-- An identifier's own percent signs must survive the reading of the query. -->
  <xsl:template name="percent-escaped">
    <xsl:param name="text"/>
    <xsl:choose>
      <xsl:when test="contains($text, '%')">
        <xsl:value-of select="concat(substring-before($text, '%'), '%25')"/>
        <xsl:call-template name="percent-escaped"><xsl:with-param name="text" select="substring-after($text, '%')"/></xsl:call-template>
      </xsl:when>
      <xsl:otherwise><xsl:value-of select="$text"/></xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <xsl:template match="marc:record" mode="metadata">
    <div class="field"><span>leader</span><code><xsl:value-of select="marc:leader"/></code></div>
    <xsl:for-each select="marc:controlfield">
      <div class="field"><span><xsl:value-of select="@tag"/></span><code><xsl:value-of select="."/></code></div>
    </xsl:for-each>
    <xsl:for-each select="marc:datafield">
      <div class="field">
        <span><xsl:value-of select="concat(@tag, ' ', translate(@ind1, ' ', '_'), translate(@ind2, ' ', '_'))"/></span>
        <div>
          <xsl:for-each select="marc:subfield"><b>$<xsl:value-of select="@code"/></b><xsl:text> </xsl:text><xsl:value-of select="."/><xsl:text> </xsl:text></xsl:for-each>
        </div>
      </div>
    </xsl:for-each>
  </xsl:template>

  <xsl:template match="*" mode="metadata">
    <xsl:for-each select=".//*[not(*)]">
      <div class="field"><span><xsl:value-of select="local-name()"/></span><div><xsl:value-of select="."/></div></div>
    </xsl:for-each>
  </xsl:template>

  <xsl:template match="oai:resumptionToken">
    <p>
      <a href="?verb={$base/@verb}&amp;resumptionToken={.}">Go on</a>
      <xsl:if test="@completeListSize">
        <xsl:text> from </xsl:text><xsl:value-of select="@cursor + count(../oai:record | ../oai:header)"/> of <xsl:value-of select="@completeListSize"/>
      </xsl:if>
    </p>
  </xsl:template>
</xsl:stylesheet>
