"""Pages for what went wrong. None needs the database; the one for our own mistakes needs nothing at all."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from workbench.kept_forms import kept_form


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400."""
    return render(request, "400.html", status=400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    return render(request, "403.html", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404; the same page whether something does not exist or is not yours."""
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """500: shown when anything may be broken, so it asks nobody anything."""
    return HttpResponse(_broken(getattr(request, "request_id", "")), status=500)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form whose token is too old: somebody logged in again, or cookies are off."""
    if request.headers.get("HX-Request") == "true":
        response = render(request, "workbench/token_expired.html", status=403)
        response["HX-Retarget"], response["HX-Reswap"] = "#notice", "innerHTML"
        return response
    return kept_form(request, status=403) or render(request, "csrf.html", status=403)


_TEXTS = (
    ("es", "Algo falló de nuestro lado", "No se perdió nada de lo ya guardado. Intente de nuevo en un momento."),
    ("pt-BR", "Algo falhou do nosso lado", "Nada do que já foi salvo se perdeu. Tente de novo em instantes."),
    ("en", "Something failed on our side", "Nothing that was saved is lost. Please try again in a moment."),
)


def _broken(request_id: str) -> str:
    parts = [f'<section lang="{code}"><h1>{head}</h1><p>{text}</p></section>' for code, head, text in _TEXTS]
    number = f"<p><small>{request_id}</small></p>" if request_id else ""
    return (
        '<!doctype html><html lang="es"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>500 · Trato</title>'
        '<link rel="stylesheet" href="/static/css/plain.css"></head>'
        f'<body><main>{"".join(parts)}{number}<p><a href="/">Trato</a></p></main></body></html>'
    )
