"""Pages of the people who look: home, units, filings, alerts, findings, rectifications, the rulebook, search."""

from django.urls import path

from shuangjian.dashboards.views import alerts, filings, home, rectifications, rulebook, search, trends, units

urlpatterns = [
    path("", home.HomeView.as_view(), name="home"),
    path("units/", units.UnitsView.as_view(), name="units"),
    path("units/<slug:code>/", units.UnitView.as_view(), name="unit"),
    path("filings/", filings.FilingsView.as_view(), name="filings"),
    path("filings/export/", filings.FilingsExportView.as_view(), name="filings_export"),
    path("filings/<slug:code>/", filings.UnitFilingsView.as_view(), name="unit_filings"),
    path("trends/", trends.TrendsRankingView.as_view(), name="trends"),
    path("trends/heat/", trends.TrendsHeatView.as_view(), name="trends_heat"),
    path("trends/rules/", trends.TrendsRulesView.as_view(), name="trends_rules"),
    path("trends/filings/", trends.TrendsFilingView.as_view(), name="trends_filing"),
    path("trends/glance/", trends.TrendsGlanceView.as_view(), name="trends_glance"),
    path("alerts/", alerts.AlertsView.as_view(), name="alerts"),
    path("alerts/<int:pk>/", alerts.AlertView.as_view(), name="alert"),
    path("alerts/<int:pk>/acknowledge/", alerts.AcknowledgeView.as_view(), name="alert_acknowledge"),
    path("alerts/<int:pk>/close/", alerts.CloseView.as_view(), name="alert_close"),
    path("alerts/<int:pk>/dismiss/", alerts.DismissView.as_view(), name="alert_dismiss"),
    path("alerts/<int:pk>/rectify/", rectifications.OrderView.as_view(), name="alert_rectify"),
    path("rectifications/", rectifications.RectificationsView.as_view(), name="rectifications"),
    path("rectifications/<slug:number>/", rectifications.RectificationView.as_view(), name="rectification"),
    path("rectifications/<slug:number>/hand-in/", rectifications.HandInView.as_view(), name="rectification_hand_in"),
    path("rectifications/<slug:number>/recheck/", rectifications.RecheckView.as_view(), name="rectification_recheck"),
    path("rectifications/<slug:number>/change/", rectifications.ChangeView.as_view(), name="rectification_change"),
    path("rectifications/<slug:number>/cancel/", rectifications.CancelView.as_view(), name="rectification_cancel"),
    path("findings/<int:pk>/", alerts.FindingView.as_view(), name="finding"),
    path("rules/", rulebook.RulebookView.as_view(), name="rulebook"),
    path("rules/<slug:code>/", rulebook.RuleView.as_view(), name="rule"),
    path("clauses/", rulebook.ClausesView.as_view(), name="clauses"),
    path("search/", search.SearchView.as_view(), name="search"),
]
