"use strict";
const WORDS = {
  es: { phones: "Teléfonos del sandbox", search: "Buscar nombre o número", nobody: "Todavía no hay conversaciones.", back: "Todos los teléfonos", write: "Escribe un mensaje", send: "Enviar", photo: "Enviar una foto", sample: "Enviar un comprobante de ejemplo", close: "Cerrar", pay: "Pagar", payNow: "Pagar ahora", options: "Ver opciones", paid: "Pago enviado", picture: "Foto", reference: "Referencia", lost: "No hay conexión con el sandbox; se vuelve a intentar." },
  pt: { phones: "Telefones do sandbox", search: "Buscar nome ou número", nobody: "Ainda não há conversas.", back: "Todos os telefones", write: "Digite uma mensagem", send: "Enviar", photo: "Enviar uma foto", sample: "Enviar um comprovante de exemplo", close: "Fechar", pay: "Pagar", payNow: "Pagar agora", options: "Ver opções", paid: "Pagamento enviado", picture: "Foto", reference: "Referência", lost: "Sem conexão com o sandbox; tentando de novo." },
  en: { phones: "Sandbox phones", search: "Search name or number", nobody: "There are no conversations yet.", back: "All phones", write: "Type a message", send: "Send", photo: "Send a photo", sample: "Send a sample receipt", close: "Close", pay: "Pay", payNow: "Pay now", options: "See options", paid: "Payment sent", picture: "Photo", reference: "Reference", lost: "No connection to the sandbox; trying again." },
};
const asked = new URLSearchParams(location.search).get("lang");
let language = [asked, localStorage.getItem("lang"), navigator.language.slice(0, 2), "es"].find((l) => WORDS[l]);
const $ = (selector) => document.querySelector(selector);
const say = (name) => WORDS[language][name];
function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) name.startsWith("on") ? node.addEventListener(name.slice(2), value) : node.setAttribute(name, value);
  node.append(...children.filter((c) => c !== null && c !== ""));
  return node;
}
function translate() {
  document.documentElement.lang = language;
  document.querySelectorAll("[data-text]").forEach((n) => { n.textContent = say(n.dataset.text); });
  document.querySelectorAll("[data-label]").forEach((n) => { n.setAttribute("aria-label", say(n.dataset.label)); if (n.tagName === "INPUT") n.placeholder = say(n.dataset.label); });
  document.querySelectorAll("[data-title]").forEach((n) => { n.title = say(n.dataset.title); n.setAttribute("aria-label", say(n.dataset.title)); });
  $(".languages").replaceChildren(...Object.keys(WORDS).map((l) => make("button", { type: "button", "aria-pressed": String(l === language), onclick: () => { language = l; localStorage.setItem("lang", l); last = ""; translate(); refresh(); } }, l.toUpperCase())));
}
const clock = (at) => new Date(at).toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit" });
const day = (at) => new Date(at).toLocaleDateString(language, { weekday: "long", day: "numeric", month: "long" });
async function call(path, body) {
  const response = await fetch(path, body ? { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) } : {});
  const value = await response.json();
  if (!response.ok) throw new Error(value.error || response.statusText);
  return value;
}
function trouble(text, good) { const bar = $("#trouble"); if (bar) { bar.textContent = text || ""; bar.hidden = !text; bar.classList.toggle("good", Boolean(good)); } }
let last = "", current = null, refresh = () => {};

function phonesPage() {
  refresh = async () => {
    const { phones } = await call("/_sandbox/phones.json");
    const wanted = $("#search").value.toLowerCase();
    const rows = phones.filter((p) => (p.name + p.phone).toLowerCase().includes(wanted));
    const key = JSON.stringify(rows);
    if (key === last) return;
    last = key;
    $("#none").hidden = rows.length > 0;
    $("#phones").replaceChildren(...rows.map((p) => make("li", {}, make("a", { href: "/_sandbox/phone/" + p.phone }, make("span", {}, p.at ? clock(p.at) : p.persona), make("b", {}, p.name), " ", p.phone, make("p", {}, p.last || p.persona || "\u00a0")))));
  };
  $("#search").addEventListener("input", () => { last = ""; refresh(); });
}

function phonePage() {
  const base = location.pathname;
  const act = async (path, body) => { try { await call(base + path, { phone_number_id: current, ...body }); trouble(""); last = ""; await refresh(); } catch (error) { trouble(error.message); } };
  const openList = (item) => {
    const dialog = $("#list");
    dialog.querySelector("h2").textContent = item.list_title || say("options");
    dialog.querySelector(".rows").replaceChildren(...item.options.map((o) => make("button", { type: "button", onclick: () => { dialog.close(); act("/tap", { message_id: item.id, id: o.id }); } }, o.title, o.description ? make("small", {}, o.description) : "")));
    dialog.showModal();
  };
  const openBill = async (url) => {
    const token = (url.match(/\/p\/([A-Za-z0-9_.~-]+)/) || [])[1];
    if (!token) { window.open(url, "_blank", "noopener"); return; }
    const dialog = $("#bill");
    let bill;
    try { bill = await call(`${base}/bill?token=${encodeURIComponent(token)}`); } catch (error) { trouble(error.message); return; }
    dialog.querySelector(".amount").textContent = `${bill.amount} ${bill.currency}`;
    dialog.querySelector(".reference").textContent = `${say("reference")}: ${bill.reference} · ${bill.status}`;
    dialog.returnValue = "";
    dialog.showModal();
    dialog.onclose = async () => {
      if (dialog.returnValue !== "pay") return;
      try { const done = await call(base + "/pay", { token }); trouble(`${say("paid")}: ${done.paid.amount} ${done.paid.currency}`, true); } catch (error) { trouble(error.message); }
    };
  };
  const bubble = (item) => {
    const nodes = [];
    if (item.reaction) return [make("div", { class: "day" }, item.reaction.emoji || "")];
    const node = make("article", { class: "bubble " + item.from });
    if (item.picture) node.append(make("img", { src: `${base}/media/${item.picture}`, alt: say("picture") }));
    if (item.media && item.media.id) node.append(make("img", { src: `${base}/media/${item.media.id}`, alt: item.media.filename || say("picture") }));
    if (item.header) node.append(make("h3", {}, item.header));
    node.append(item.body || "");
    if (item.footer) node.append(make("p", { class: "footer" }, item.footer));
    node.append(make("small", {}, clock(item.at)));
    nodes.push(node);
    const options = make("div", { class: "options" });
    for (const link of item.links || []) options.append(make("button", { type: "button", onclick: () => openBill(link.url) }, "\u2197 " + (link.title || say("pay"))));
    if (item.list_title) options.append(make("button", { type: "button", onclick: () => openList(item) }, "\u2630 " + item.list_title));
    else for (const o of item.options || []) options.append(make("button", { type: "button", "data-id": o.id, onclick: () => act("/tap", { message_id: item.id, id: o.id }) }, o.title));
    if (options.childElementCount) nodes.push(options);
    return nodes;
  };
  refresh = async () => {
    const value = await call(base + "/chats");
    if ($("#trouble").dataset.lost) { delete $("#trouble").dataset.lost; trouble(""); }
    current = value.chats.some((c) => c.phone_number_id === current) ? current : (value.chats[0] || {}).phone_number_id;
    const key = JSON.stringify([current, value.chats]);
    if (key === last) return;
    last = key;
    const chat = value.chats.find((c) => c.phone_number_id === current) || { items: [], name: "" };
    document.title = $("#business").textContent = chat.name;
    $("#me").textContent = `${value.name} · ${value.phone}`;
    $("#tabs").replaceChildren(...(value.chats.length > 1 ? value.chats.map((c) => make("button", { type: "button", "aria-current": String(c.phone_number_id === current), onclick: () => { current = c.phone_number_id; last = ""; refresh(); } }, c.name)) : []));
    const nodes = [];
    let shownDay = "";
    for (const item of chat.items) {
      if (day(item.at) !== shownDay) { shownDay = day(item.at); nodes.push(make("div", { class: "day" }, shownDay)); }
      nodes.push(...bubble(item));
    }
    const box = $("#chat");
    box.replaceChildren(...nodes);
    box.scrollTop = box.scrollHeight;
  };
  $("#composer").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = $("#text").value.trim();
    if (text) { $("#text").value = ""; act("/say", { text }); }
  });
  $("#sample").addEventListener("click", () => act("/photo", {}));
  $("#file").addEventListener("change", () => {
    const file = $("#file").files[0];
    if (!file) return;
    const reader = new FileReader();
    reader.onload = () => act("/photo", { mime_type: file.type, data: reader.result.split(",")[1] });
    reader.readAsDataURL(file);
    $("#file").value = "";
  });
}

document.body.dataset.page === "phone" ? phonePage() : phonesPage();
translate();
(async function loop() {
  try { await refresh(); } catch { const bar = $("#trouble"); if (bar) { bar.dataset.lost = "1"; trouble(say("lost")); } }
  setTimeout(loop, document.hidden ? 5000 : 1000);
})();
