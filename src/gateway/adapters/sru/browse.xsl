<?xml version="1.0" encoding="UTF-8"?>
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:marc="http://www.loc.gov/MARC21/slim"
  exclude-result-prefixes="marc">
  <!-- Shows an answer to a person, of any version: nothing is fetched from elsewhere, records are shown as text. -->
  <xsl:output method="html" encoding="UTF-8" indent="no" doctype-system="about:legacy-compat"/>
  <xsl:variable name="query" select="string(//*[local-name()='query'][parent::*[local-name()='echoedSearchRetrieveRequest']])"/>
  <xsl:variable name="clause" select="string(//*[local-name()='scanClause'])"/>

  <xsl:template match="/*">
    <html lang="en">
      <head>
        <meta name="viewport" content="width=device-width, initial-scale=1"/>
        <title>SRU</title>
        <style>
          body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 62rem; padding: 1rem; color: #1b1b1b; }
          form { display: flex; gap: .5rem; margin-bottom: 1rem; } input[type=search] { flex: 1; font: inherit; padding: .3rem; }
          h1 { font-size: 1.3rem; } table { border-collapse: collapse; width: 100%; } nav a { margin-right: 1rem; }
          th, td { text-align: left; vertical-align: top; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid #ddd; }
          section { margin: 1.5rem 0; } .wrong { color: #9b1c1c; } pre { white-space: pre-wrap; overflow-wrap: anywhere; }
          .field { display: grid; grid-template-columns: 8rem 1fr; gap: .6rem; } .field span { color: #555; }
        </style>
      </head>
      <body>
        <h1>Search the catalogue</h1>
        <form method="get"><input type="search" name="query" aria-label="CQL query" value="{$query}"/>
          <button>Search</button></form>
        <nav><a href="?">What can be asked</a></nav>
        <xsl:for-each select="*[local-name()='diagnostics']/*">
          <p class="wrong" role="alert"><xsl:value-of select="*[local-name()='message']"/>
            <xsl:if test="*[local-name()='details']">: <xsl:value-of select="*[local-name()='details']"/></xsl:if></p>
        </xsl:for-each>
        <xsl:if test="*[local-name()='numberOfRecords']">
          <p><strong><xsl:value-of select="*[local-name()='numberOfRecords']"/></strong> records</p>
        </xsl:if>
        <xsl:apply-templates select="*[local-name()='facetedResults']/*"/>
        <xsl:apply-templates select="*[local-name()='records']/* | *[local-name()='terms'] | *[local-name()='record']"/>
        <xsl:if test="*[local-name()='nextRecordPosition']">
          <form method="get"><input type="hidden" name="query" value="{$query}"/>
            <button name="startRecord" value="{*[local-name()='nextRecordPosition']}">More</button></form>
        </xsl:if>
      </body>
    </html>
  </xsl:template>

  <xsl:template match="*[local-name()='record']">
    <section>
      <h2><xsl:value-of select="*[local-name()='recordPosition']"/></h2>
      <xsl:apply-templates select="*[local-name()='recordData']" mode="data"/>
    </section>
  </xsl:template>

  <xsl:template match="*" mode="data">
    <xsl:choose>
      <xsl:when test="marc:record">
        <xsl:for-each select="marc:record/marc:controlfield | marc:record/marc:datafield">
          <div class="field"><span><xsl:value-of select="@tag"/></span>
            <div><xsl:value-of select="self::marc:controlfield"/>
              <xsl:for-each select="marc:subfield"><xsl:value-of select="."/><xsl:text> </xsl:text></xsl:for-each></div></div>
        </xsl:for-each>
      </xsl:when>
      <xsl:when test="*[local-name()='explain']"><xsl:apply-templates select="*" mode="explain"/></xsl:when>
      <xsl:when test="*">
        <xsl:for-each select=".//*[not(*)][normalize-space()]">
          <div class="field"><span><xsl:value-of select="local-name()"/></span><div><xsl:value-of select="."/></div></div>
        </xsl:for-each>
      </xsl:when>
      <xsl:otherwise><pre><xsl:value-of select="."/></pre></xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <xsl:template match="*" mode="explain">
    <h2><xsl:value-of select="*[local-name()='databaseInfo']/*[local-name()='title']"/></h2>
    <table>
      <tr><th>Index</th><th>CQL</th><th>Bib-1 Use</th><th>Can</th></tr>
      <xsl:for-each select="*[local-name()='indexInfo']/*[local-name()='index']">
        <tr><td><xsl:value-of select="*[local-name()='title']"/></td>
          <td><xsl:for-each select="*/*[local-name()='name']">
            <xsl:value-of select="concat(@set, '.', .)"/><xsl:text> </xsl:text></xsl:for-each></td>
          <td><xsl:for-each select="*/*[local-name()='attr']">
            <xsl:value-of select="."/><xsl:text> </xsl:text></xsl:for-each></td>
          <td><xsl:if test="@scan='true'">scan </xsl:if><xsl:if test="@sort='true'">sort</xsl:if></td></tr>
      </xsl:for-each>
    </table>
    <h2>Records as</h2>
    <table>
      <xsl:for-each select="*[local-name()='schemaInfo']/*">
        <tr><td><xsl:value-of select="@name"/></td><td><xsl:value-of select="*[local-name()='title']"/></td>
          <td><xsl:value-of select="@identifier"/></td></tr>
      </xsl:for-each>
    </table>
  </xsl:template>

  <xsl:template match="*[local-name()='terms']">
    <table>
      <xsl:for-each select="*">
        <tr><td><xsl:choose>
          <xsl:when test="*[local-name()='displayTerm']"><xsl:value-of select="*[local-name()='displayTerm']"/></xsl:when>
          <xsl:otherwise><xsl:value-of select="*[local-name()='value']"/></xsl:otherwise></xsl:choose></td>
          <td><xsl:value-of select="*[local-name()='numberOfRecords']"/></td></tr>
      </xsl:for-each>
    </table>
  </xsl:template>

  <xsl:template match="*[local-name()='facet']">
    <p><strong><xsl:value-of select="*[local-name()='facetDisplayLabel']"/></strong>:
      <xsl:for-each select="*[local-name()='terms']/*">
        <xsl:value-of select="*[local-name()='actualTerm']"/> (<xsl:value-of select="*[local-name()='count']"/>)
        <xsl:if test="position() != last()">, </xsl:if>
      </xsl:for-each></p>
  </xsl:template>
</xsl:stylesheet>
