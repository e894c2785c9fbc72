"""How the rules themselves are told, before anything is sent: words of the three languages; no logic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RuleWords:
    """One language. Sentences end with their full stop."""

    stop: str  # {condition}
    stop_grace: str  # {days}
    stop_states: str  # {states}
    consent: str
    identity: str
    identity_days: str  # {days}
    prohibited: str  # {flag}
    required: str  # {fields}
    required_state: str  # {state}
    closed_weekday: str  # {on}
    closed_holidays: str
    closed_named: str  # {names}
    closed_dates: str  # {dates}
    window: str  # {week}
    hours: str  # {days} {hours}
    no_hours: str  # {days}
    through: str  # {first} {last}: days in a row
    cap_day: tuple[str, str]  # {count} {channels}: one contact, several
    cap_days: tuple[str, str]  # {count} {days} {channels}
    cap_none: str  # {channels}
    spacing: str  # {days}
    all_channels: str
    scopes: Mapping[str, str]
    lock: str  # {days}
    product: Mapping[str, str]
    disabled: str
    names: Mapping[str, str]  # of the layers
    subdivision: str  # {country} {code}
    unknown_state: str


EN = RuleWords(
    stop="Nothing is sent when {condition}.",
    stop_grace="It binds from {days} days after the listing on.",
    stop_states="It holds in {states}.",
    consent=(
        "Nobody is written to about a debt without their own consent for this channel and this purpose, with "
        "proof of how it was given."
    ),
    identity="Until the person has proved who they are, no message reveals that there is a debt.",
    identity_days="A proof of identity is good for {days} days.",
    prohibited="No message may contain {flag}.",
    required="Every message about a debt states {fields}.",
    required_state="It is asked for in {state}.",
    closed_weekday="{on} nobody is contacted.",
    closed_holidays="On public holidays nobody is contacted.",
    closed_named="On {names} nobody is contacted.",
    closed_dates="Nobody is contacted on {dates}.",
    window="Contact is allowed {week}, by the clock of the debtor.",
    hours="{days} {hours}",
    no_hours="Not on {days}.",
    through="{first} to {last}",
    cap_day=("At most {count} contact a day, {channels}.", "At most {count} contacts a day, {channels}."),
    cap_days=(
        "At most {count} contact in any {days} days in a row, {channels}.",
        "At most {count} contacts in any {days} days in a row, {channels}.",
    ),
    cap_none="No contact at all, {channels}.",
    spacing="Between two contacts {days} full days go by.",
    all_channels="all channels together",
    scopes={
        "debtor": "Counted per person, over all creditors of the organisation.",
        "creditor": "Counted per person and creditor.",
        "debt": "Counted per invoice.",
    },
    lock="Within {days} days only one channel is used: after a contact on one of them the others stay silent.",
    product={
        "X-LIMIT": "When the sending number has used up WhatsApp's limit, messages wait until it renews itself.",
        "X-CHANNEL-PAUSED": "While a number, a creditor or the organisation is stopped, nothing leaves.",
        "X-WINDOW-CLOSED": (
            "Free text goes out only within 24 hours of the person's last message; after that an approved "
            "template is needed."
        ),
        "X-BALANCE-STALE": "A balance older than the creditor allows is not demanded: it may have been paid since.",
    },
    disabled="The pack keeps this rule switched off.",
    names={
        "common": "Everywhere", "latam-default": "Good practice in Latin America", "tenant": "Your organisation",
        "creditor": "A creditor's own", "debtor": "A debtor's own", "product": "The channel and the data",
    },
    subdivision="{country}, {code}",
    unknown_state="state unknown",
)  # fmt: skip

ES = RuleWords(
    stop="No se envía nada si {condition}.",
    stop_grace="Obliga a partir de {days} días después de la inscripción.",
    stop_states="Rige en {states}.",
    consent=(
        "A nadie se le escribe sobre una deuda sin su propio consentimiento para este canal y esta "
        "finalidad, con la prueba de cómo se obtuvo."
    ),
    identity="Mientras la persona no haya demostrado quién es, ningún mensaje revela que existe una deuda.",
    identity_days="La verificación de identidad vale {days} días.",
    prohibited="Ningún mensaje puede contener {flag}.",
    required="Todo mensaje sobre una deuda indica {fields}.",
    required_state="Se exige en {state}.",
    closed_weekday="{on} no se contacta a nadie.",
    closed_holidays="En días festivos no se contacta a nadie.",
    closed_named="En {names} no se contacta a nadie.",
    closed_dates="No se contacta a nadie el {dates}.",
    window="Se puede contactar {week}, según la hora de la persona deudora.",
    hours="{days} {hours}",
    no_hours="Nunca en {days}.",
    through="de {first} a {last}",
    cap_day=("Como máximo {count} contacto al día, {channels}.", "Como máximo {count} contactos al día, {channels}."),
    cap_days=(
        "Como máximo {count} contacto en {days} días seguidos, {channels}.",
        "Como máximo {count} contactos en {days} días seguidos, {channels}.",
    ),
    cap_none="Ningún contacto, {channels}.",
    spacing="Entre un contacto y el siguiente pasan {days} días completos.",
    all_channels="sumando todos los canales",
    scopes={
        "debtor": "Se cuenta por persona, sumando todos los acreedores de la organización.",
        "creditor": "Se cuenta por persona y acreedor.",
        "debt": "Se cuenta por factura.",
    },
    lock="En un plazo de {days} días se usa un solo canal: tras un contacto por uno, los demás callan.",
    product={
        "X-LIMIT": "Cuando el número que envía agota el límite de WhatsApp, los mensajes esperan a que se renueve.",
        "X-CHANNEL-PAUSED": "Mientras un número, un acreedor o la organización estén detenidos, no sale nada.",
        "X-WINDOW-CLOSED": (
            "El texto libre solo sale dentro de las 24 horas del último mensaje de la persona; después hace "
            "falta una plantilla aprobada."
        ),
        "X-BALANCE-STALE": "No se reclama un saldo más viejo de lo que permite el acreedor: podría estar ya pagado.",
    },
    disabled="El paquete mantiene esta regla apagada.",
    names={
        "common": "En todas partes", "latam-default": "Buena práctica en América Latina", "tenant": "Su organización",
        "creditor": "Propias de un acreedor", "debtor": "Propias de un deudor", "product": "El canal y los datos",
    },
    subdivision="{country}, {code}",
    unknown_state="estado desconocido",
)  # fmt: skip

PT = RuleWords(
    stop="Nada é enviado quando {condition}.",
    stop_grace="Obriga a partir de {days} dias após a inscrição.",
    stop_states="Vale em {states}.",
    consent=(
        "Ninguém recebe mensagem sobre uma dívida sem o próprio consentimento para este canal e esta "
        "finalidade, com a prova de como foi dado."
    ),
    identity="Enquanto a pessoa não comprovar quem é, nenhuma mensagem revela que existe uma dívida.",
    identity_days="A verificação de identidade vale por {days} dias.",
    prohibited="Nenhuma mensagem pode conter {flag}.",
    required="Toda mensagem sobre uma dívida informa {fields}.",
    required_state="É exigido em {state}.",
    closed_weekday="{on} ninguém é contatado.",
    closed_holidays="Em feriados ninguém é contatado.",
    closed_named="Em {names} ninguém é contatado.",
    closed_dates="Ninguém é contatado em {dates}.",
    window="O contato é permitido {week}, pelo relógio da pessoa devedora.",
    hours="{days} {hours}",
    no_hours="Nunca em {days}.",
    through="de {first} a {last}",
    cap_day=("No máximo {count} contato por dia, {channels}.", "No máximo {count} contatos por dia, {channels}."),
    cap_days=(
        "No máximo {count} contato em {days} dias seguidos, {channels}.",
        "No máximo {count} contatos em {days} dias seguidos, {channels}.",
    ),
    cap_none="Nenhum contato, {channels}.",
    spacing="Entre um contato e o seguinte passam {days} dias completos.",
    all_channels="somando todos os canais",
    scopes={
        "debtor": "Conta-se por pessoa, somando todos os credores da organização.",
        "creditor": "Conta-se por pessoa e credor.",
        "debt": "Conta-se por fatura.",
    },
    lock="Num prazo de {days} dias usa-se um só canal: depois de um contato por um, os demais se calam.",
    product={
        "X-LIMIT": "Quando o número de envio esgota o limite do WhatsApp, as mensagens esperam a renovação.",
        "X-CHANNEL-PAUSED": "Enquanto um número, um credor ou a organização estiverem parados, nada sai.",
        "X-WINDOW-CLOSED": (
            "O texto livre só sai dentro de 24 horas da última mensagem da pessoa; depois é preciso um "
            "modelo aprovado."
        ),
        "X-BALANCE-STALE": "Não se cobra um saldo mais antigo do que o credor permite: pode já ter sido pago.",
    },
    disabled="O pacote mantém esta regra desligada.",
    names={
        "common": "Em toda parte", "latam-default": "Boa prática na América Latina", "tenant": "Sua organização",
        "creditor": "Próprias de um credor", "debtor": "Próprias de um devedor", "product": "O canal e os dados",
    },
    subdivision="{country}, {code}",
    unknown_state="estado desconhecido",
)  # fmt: skip

WORDS: Mapping[str, RuleWords] = {"es": ES, "pt": PT, "en": EN}
