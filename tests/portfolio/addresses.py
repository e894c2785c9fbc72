"""The portfolio's addresses as the product serves them, without the other rooms'."""

from django.urls import include, path

urlpatterns = [path("api/v1/", include("portfolio.api")), path("", include("portfolio.urls"))]
