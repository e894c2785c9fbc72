"""The two-point check: what a person can be asked, with believable wrong answers beside the right one."""

from __future__ import annotations

import random
import unicodedata

from portfolio import knowledge
from portfolio.models import Invoice, Person

CITY = "city"
#: The number of a paper that a company received: it has no year of birth, and its city is no secret.
REFERENCE = "reference"
#: A list's row has room for so much; numbers are looked for among so many of the newest.
_ROW, _NEWEST = 24, 50
#: Nine answers and "not me" fill a list; three guesses at two such questions pass in one of fourteen tries.
OPTIONS = 9
_CITIES = {
    "BR": "São Paulo|Rio de Janeiro|Belo Horizonte|Curitiba|Porto "
        "Alegre|Recife|Salvador|Fortaleza|Brasília|Goiânia|Campinas|Manaus",
    "MX": "Ciudad de "
        "México|Guadalajara|Monterrey|Puebla|Tijuana|León|Querétaro|Mérida|Toluca|Cancún|Hermosillo|Chihuahua",
    "CO": "Bogotá|Medellín|Cali|Barranquilla|Cartagena|Bucaramanga|Pereira|Manizales|Cúcuta|Ibagué|Santa Marta|Pasto",
    "CL": "Santiago|Valparaíso|Concepción|La Serena|Antofagasta|Temuco|Rancagua|Talca|Arica|Iquique|Puerto "
        "Montt|Chillán",
    "AR": "Buenos Aires|Córdoba|Rosario|Mendoza|La Plata|Mar del Plata|Tucumán|Salta|Santa Fe|San "
        "Juan|Neuquén|Corrientes",
    "PE": "Lima|Arequipa|Trujillo|Chiclayo|Piura|Cusco|Iquitos|Huancayo|Tacna|Ica|Chimbote|Ayacucho",
}  # fmt: skip


def _fold(text: str) -> str:
    plain = unicodedata.normalize("NFD", text.casefold())
    return " ".join("".join(sign for sign in plain if not unicodedata.combining(sign)).split())


def questions(person: Person) -> tuple[str, ...]:
    """The two questions for this person, the stronger first; fewer when less is known. A company has no birthday."""
    known = list(knowledge.questions(person))
    if person.kind == Person.Kind.COMPANY:
        known = [name for name in known if name != knowledge.BIRTH_YEAR]
        if _numbers(person):
            known.append(REFERENCE)
    if person.city and person.country in _CITIES:
        known.append(CITY)
    return tuple(known[:2])


def _numbers(person: Person) -> list[str]:
    """Numbers that stand on papers which the company received, the newest first."""
    rows = Invoice.objects.filter(debtor__person_id=person.pk, withdrawn_at=None).order_by("-issued_on", "-id")
    found = [number for number in rows.values_list("number", flat=True)[:_NEWEST] if number and len(number) <= _ROW]
    return [number for number in found if sum(sign.isdigit() for sign in number) >= 3]


def _like(number: str, dice: random.Random) -> str:
    """Another number of the same shape: its digits but the first are others."""
    first = next(place for place, sign in enumerate(number) if sign.isdigit())
    signs = (
        dice.choice("0123456789") if sign.isdigit() and place > first else sign for place, sign in enumerate(number)
    )
    return "".join(signs)


def _references(person: Person) -> list[str]:
    numbers = _numbers(person)
    if not numbers:
        return []
    dice, listed = random.Random(f"{person.pk}:{REFERENCE}:{numbers[0]}"), {numbers[0]}
    for _ in range(200):
        if len(listed) == OPTIONS:
            break
        other = _like(numbers[0], dice)
        if other not in numbers:
            listed.add(other)
    shown = sorted(listed)
    dice.shuffle(shown)
    return shown


def choices(person: Person, question: str) -> list[str]:
    """The right answer among wrong ones, in an order that is the same each time; [] when it cannot be asked."""
    if question == REFERENCE:
        return _references(person)
    if question != CITY:
        return knowledge.choices(person, question, OPTIONS)
    if not person.city or person.country not in _CITIES:
        return []
    dice = random.Random(f"{person.pk}:{question}")
    others = [city for city in _CITIES[person.country].split("|") if _fold(city) != _fold(person.city)]
    listed = sorted([*dice.sample(others, OPTIONS - 1), person.city[:24]])
    dice.shuffle(listed)
    return listed


def right(person: Person, question: str, answer: str) -> bool:
    """Whether the answer is right; False for a question that this person cannot be asked."""
    if question == REFERENCE:
        return person.kind == Person.Kind.COMPANY and _fold(answer) in {_fold(number) for number in _numbers(person)}
    if question == CITY:
        return bool(person.city) and _fold(answer) in (_fold(person.city), _fold(person.city[:24]))
    return knowledge.right(person, question, answer)
