<?xml version="1.0" encoding="UTF-8"?>
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:str="http://exslt.org/strings"
  exclude-result-prefixes="str">
  <!-- An answer of any version as a page: versions differ in namespaces only, so that names alone decide. -->
  <xsl:import href="gateway:page.xsl"/>
  <xsl:variable name="echo" select="/*/*[starts-with(local-name(), 'echoed')]"/>
  <xsl:variable name="query" select="string($echo/*[local-name()='query'])"/>
  <xsl:variable name="asked" select="string(($echo/*[local-name()='query'] | $echo/*[local-name()='scanClause'])[1])"/>
  <xsl:variable name="schema" select="string($echo/*[local-name()='recordSchema'])"/>
  <xsl:variable name="size" select="string($echo/*[local-name()='maximumRecords'])"/>
  <xsl:variable name="chosen">
    <xsl:if test="$schema"><xsl:value-of select="concat('&amp;recordSchema=', str:encode-uri($schema, true()))"/></xsl:if>
    <xsl:if test="$size"><xsl:value-of select="concat('&amp;maximumRecords=', str:encode-uri($size, true()))"/></xsl:if>
  </xsl:variable>

  <xsl:template match="/*[starts-with(namespace-uri(), 'http')]">
    <xsl:call-template name="page">
      <xsl:with-param name="title">SRU<xsl:if test="$asked">: <xsl:value-of select="$asked"/></xsl:if></xsl:with-param>
      <xsl:with-param name="content">
        <h1>Search the catalogue</h1>
        <form method="get" role="search">
          <input type="search" name="query" aria-label="CQL query" dir="auto" value="{$asked}"/>
          <xsl:if test="$schema"><input type="hidden" name="recordSchema" value="{$schema}"/></xsl:if>
          <button>Search</button>
        </form>
        <nav><a href="?">What can be asked</a></nav>
        <xsl:for-each select="*[local-name()='diagnostics']/*"><xsl:call-template name="diagnostic"/></xsl:for-each>
        <xsl:apply-templates select="*[local-name()='numberOfRecords']"/>
        <xsl:apply-templates select="*[local-name()='facetedResults']/*"/>
        <xsl:apply-templates select="*[local-name()='records']/* | *[local-name()='terms'] | *[local-name()='record']"/>
        <xsl:call-template name="ways-on"/>
      </xsl:with-param>
    </xsl:call-template>
  </xsl:template>

  <xsl:template name="diagnostic">
    <p class="wrong" role="alert">
      <xsl:value-of select="*[local-name()='message']"/>
      <xsl:if test="*[local-name()='details']">: <bdi><xsl:value-of select="*[local-name()='details']"/></bdi></xsl:if>
    </p>
  </xsl:template>

  <xsl:template match="*[local-name()='numberOfRecords']">
    <p><strong><xsl:value-of select="."/></strong> records<xsl:if test="../*[local-name()='resultSetId']">, kept as
      <code>cql.resultSetId = "<xsl:value-of select="../*[local-name()='resultSetId']"/>"</code></xsl:if></p>
  </xsl:template>

  <xsl:template name="ways-on">
    <xsl:variable name="next" select="*[local-name()='nextRecordPosition']"/>
    <xsl:variable name="first" select="*[local-name()='records']/*[1]/*[local-name()='recordPosition']"/>
    <nav>
      <xsl:if test="$first &gt; 1">
        <a rel="first" href="?query={str:encode-uri($query, true())}{$chosen}">Beginning</a>
      </xsl:if>
      <xsl:if test="$next and $query">
        <a rel="next" href="?query={str:encode-uri($query, true())}{$chosen}&amp;startRecord={$next}">More</a>
      </xsl:if>
    </nav>
  </xsl:template>

  <xsl:template match="*[local-name()='record']">
    <xsl:variable name="data" select="*[local-name()='recordData']"/>
    <xsl:choose>
      <xsl:when test="$data/*[local-name()='explain']"><xsl:apply-templates select="$data/*"/></xsl:when>
      <xsl:otherwise>
        <section>
          <p><xsl:value-of select="*[local-name()='recordPosition']"/></p>
          <xsl:choose>
            <xsl:when test="$data/*[local-name()='diagnostic']">
              <xsl:for-each select="$data/*"><xsl:call-template name="diagnostic"/></xsl:for-each>
            </xsl:when>
            <xsl:when test="$data/*">
              <xsl:call-template name="record"><xsl:with-param name="data" select="$data/*"/></xsl:call-template>
            </xsl:when>
            <xsl:otherwise><code dir="auto"><xsl:value-of select="$data"/></code></xsl:otherwise>
          </xsl:choose>
        </section>
      </xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <xsl:template match="*[local-name()='explain']">
    <h2 dir="auto"><xsl:value-of select="*[local-name()='databaseInfo']/*[local-name()='title']"/></h2>
    <table>
      <tr><th>Index</th><th>CQL</th><th>Bib-1 Use</th><th>Can</th></tr>
      <xsl:for-each select="*[local-name()='indexInfo']/*[local-name()='index']">
        <tr>
          <td><xsl:value-of select="*[local-name()='title']"/></td>
          <td><xsl:for-each select="*/*[local-name()='name']">
            <xsl:value-of select="concat(@set, '.', .)"/><xsl:text> </xsl:text></xsl:for-each></td>
          <td><xsl:for-each select="*/*[local-name()='attr']">
            <xsl:value-of select="."/><xsl:text> </xsl:text></xsl:for-each></td>
          <td><xsl:if test="@scan='true'">scan </xsl:if><xsl:if test="@sort='true'">sort</xsl:if></td>
        </tr>
      </xsl:for-each>
    </table>
    <h2>Records as</h2>
    <table>
      <xsl:for-each select="*[local-name()='schemaInfo']/*">
        <tr><td><xsl:value-of select="@name"/></td><td><xsl:value-of select="*[local-name()='title']"/></td>
          <td><code><xsl:value-of select="@identifier"/></code></td></tr>
      </xsl:for-each>
    </table>
    <h2>Also</h2>
    <dl>
      <xsl:apply-templates select="*[local-name()='serverInfo' or local-name()='configInfo']" mode="field"/>
      <xsl:apply-templates select="*[local-name()='databaseInfo']/*[local-name()!='title']" mode="field"/>
    </dl>
  </xsl:template>

  <xsl:template match="*[local-name()='terms']">
    <xsl:variable name="clause" select="$echo/*[local-name()='xScanClause']"/>
    <xsl:variable name="words" select="$clause/*[local-name()='relation']/*[local-name()='value'][.='any' or .='all']"/>
    <table>
      <xsl:for-each select="*">
        <xsl:variable name="term" select="string(*[local-name()='value'])"/>
        <xsl:variable name="search">
          <xsl:call-template name="clause">
            <xsl:with-param name="relation"><xsl:if test="not($words)">=</xsl:if>=</xsl:with-param>
          </xsl:call-template>
        </xsl:variable>
        <tr>
          <td dir="auto"><a href="?query={str:encode-uri(string($search), true())}">
            <xsl:value-of select="*[local-name()='displayTerm']"/>
            <xsl:if test="not(*[local-name()='displayTerm'])"><xsl:value-of select="$term"/></xsl:if></a></td>
          <td><xsl:value-of select="*[local-name()='numberOfRecords']"/></td>
        </tr>
      </xsl:for-each>
    </table>
    <nav>
      <xsl:for-each select="*[1][*[local-name()='whereInList'][.='inner' or .='last']]">
        <a rel="prev"><xsl:call-template name="scan-from">
          <xsl:with-param name="position" select="count(../*) + 1"/></xsl:call-template>Back</a>
      </xsl:for-each>
      <xsl:for-each select="*[last()][*[local-name()='whereInList'][.='inner' or .='first']]">
        <a rel="next"><xsl:call-template name="scan-from">
          <xsl:with-param name="position" select="0"/></xsl:call-template>More</a>
      </xsl:for-each>
    </nav>
  </xsl:template>

  <!-- The address of the list that has the current term at a place: 0 before its first, one too many behind its last. -->
  <xsl:template name="scan-from">
    <xsl:param name="position"/>
    <xsl:variable name="terms" select="$echo/*[local-name()='maximumTerms']"/>
    <xsl:variable name="scan">
      <xsl:call-template name="clause">
        <xsl:with-param name="relation" select="$echo/*[local-name()='xScanClause']/*[local-name()='relation']/*[local-name()='value']"/>
      </xsl:call-template>
    </xsl:variable>
    <xsl:attribute name="href">
      <xsl:value-of select="concat('?scanClause=', str:encode-uri(string($scan), true()), '&amp;responsePosition=', $position)"/>
      <xsl:if test="$terms"><xsl:value-of select="concat('&amp;maximumTerms=', str:encode-uri($terms, true()))"/></xsl:if>
    </xsl:attribute>
  </xsl:template>

  <!-- The clause of a scan with the current term in place of its own. -->
  <xsl:template name="clause">
    <xsl:param name="relation"/>
    <xsl:variable name="term" select="string(*[local-name()='value'])"/>
    <xsl:value-of select="concat($echo/*[local-name()='xScanClause']/*[local-name()='index'], ' ', $relation, ' &quot;')"/>
    <xsl:value-of select="concat(str:replace(str:replace($term, '\', '\\'), '&quot;', '\&quot;'), '&quot;')"/>
  </xsl:template>

  <xsl:template match="*[local-name()='facet']">
    <p>
      <strong><xsl:value-of select="*[local-name()='facetDisplayLabel']"/></strong>
      <xsl:for-each select="*[local-name()='terms']/*">
        <xsl:text> · </xsl:text>
        <bdi><a href="?query={str:encode-uri(string(*[local-name()='query']), true())}{$chosen}">
          <xsl:value-of select="*[local-name()='actualTerm']"/></a></bdi>
        <xsl:value-of select="concat(' (', *[local-name()='count'], ')')"/>
      </xsl:for-each>
    </p>
  </xsl:template>
</xsl:stylesheet>
