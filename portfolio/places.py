"""What a country says about days: which civil date it is there now, and which instant a civil date stands for."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

#: The zone by which each country counts its due dates (its capital's, or the one most people live in).
_ZONES = {
    "AR": "America/Argentina/Buenos_Aires",
    "BO": "America/La_Paz",
    "BR": "America/Sao_Paulo",
    "CL": "America/Santiago",
    "CO": "America/Bogota",
    "EC": "America/Guayaquil",
    "MX": "America/Mexico_City",
    "PE": "America/Lima",
    "PY": "America/Asuncion",
    "UY": "America/Montevideo",
}


def zone_of(country: str) -> ZoneInfo:
    """The zone of a country's due dates; UTC for a country that we do not serve."""
    return ZoneInfo(_ZONES.get(country.upper(), "UTC"))


def today_in(country: str, now: datetime) -> date:
    """The civil date there at an aware instant."""
    return now.astimezone(zone_of(country)).date()


def midday_of(day: date, country: str) -> datetime:
    """Noon of a civil date there, aware UTC: the instant of a payment of which only the date is known."""
    return datetime.combine(day, time(12), zone_of(country)).astimezone(UTC)


def start_of(day: date, country: str) -> datetime:
    """The first instant of a civil date there, aware UTC."""
    return datetime.combine(day, time(0), zone_of(country)).astimezone(UTC)
