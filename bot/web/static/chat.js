// The chat, better: nothing reloads, the screen survives a reload, and a lost network loses nothing.
// Without this script the page is made of plain forms that do the same.

const WAITS = [2000, 5000, 15000]; // before trying again by ourselves, in milliseconds
const KEPT = 80; // messages kept on screen and in the tab

const by = (id) => document.getElementById(id);
const log = by("log"), say = by("say"), input = by("text"), state = by("state");
const calm = matchMedia("(prefers-reduced-motion: reduce)");

const store = {
  get(name) { try { return sessionStorage.getItem(name); } catch { return null; } },
  set(name, value) { try { sessionStorage.setItem(name, value); } catch { /* full or refused: the page still works */ } },
  drop(name) { try { sessionStorage.removeItem(name); } catch { /* refused: nothing was kept */ } },
};

let queue = []; // what was said and not yet answered, oldest first: {nonce, fields, label}
let busy = false;
let tries = 0;
let timer = 0;

// The page's own nonce says who a newcomer is, what follows it which message this is.
const mark = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
const nonce = () => `${say.elements.nonce.value}.${mark()}`;
const lastRead = (root = log) => Math.max(0, ...Array.from(root.querySelectorAll("[data-id]"), (m) => Number(m.dataset.id)));

function save() {
  const messages = log.querySelectorAll(".message");
  for (let i = 0; i < messages.length - KEPT; i++) messages[i].remove();
  store.set("log", log.innerHTML);
  store.set("queue", JSON.stringify(queue));
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function mine(text) {
  const message = element("article", "message me unsent");
  message.append(element("h2", "hidden", "Toi"), element("div", "bubble", text));
  log.append(message);
  return message;
}

function show(...content) {
  state.replaceChildren(...content);
  state.hidden = content.length === 0;
}

function waiting() {
  const dots = element("span", "dots");
  dots.setAttribute("aria-hidden", "true");
  dots.append(element("i"), element("i"), element("i"));
  show(dots, element("span", "", "Envoi…"));
}

function problem(text, again = true) {
  const words = element("span", "", text);
  if (!again) return show(words);
  const button = element("button", "", "Réessayer");
  button.type = "button";
  button.addEventListener("click", () => { tries = 0; flush(); });
  show(words, button);
}

function reveal(message) {
  message.scrollIntoView({ block: "start", behavior: calm.matches ? "auto" : "smooth" });
}

function add(html) {
  const parts = document.createElement("template");
  parts.innerHTML = html;
  const fresh = Array.from(parts.content.querySelectorAll(".message"));
  for (const message of fresh) {
    if ("clear" in message.dataset) wipe();
    log.append(message);
  }
  const beside = parts.content.getElementById("beside");
  if (beside) {
    by("beside").replaceWith(beside);
    document.dispatchEvent(new Event("beside"));
  }
  return fresh;
}

// Nothing of what was said stays, on screen or in the tab.
function wipe() {
  log.replaceChildren();
  for (const name of ["log", "queue", "link"]) store.drop(name);
}

function speak(fields, label, asked = true) {
  for (const old of log.querySelectorAll(".choices, .upload")) old.remove();
  by("arrival")?.remove();
  by("news")?.remove();
  document.body.classList.add("started");
  if (label) reveal(mine(label));
  queue.push({ nonce: nonce(), fields: { ...fields, ...opened() }, asked });
  save();
  tries = 0;
  flush();
}

// The link that opened this page goes with the first thing said, once.
function opened() {
  const field = say.elements.link, link = field?.value;
  field?.remove();
  if (!link || store.get("link") === link) return {};
  store.set("link", link);
  return { link };
}

async function post(item) {
  const stop = new AbortController();
  const limit = setTimeout(() => stop.abort(), 30000);
  try {
    return await fetch("/chat", {
      method: "POST",
      headers: { "X-Requested-With": "fetch" },
      body: new URLSearchParams({ ...item.fields, nonce: item.nonce, read_up_to: lastRead() }),
      credentials: "same-origin",
      signal: stop.signal,
    });
  } finally {
    clearTimeout(limit);
  }
}

async function flush() {
  clearTimeout(timer);
  if (busy || !queue.length) return;
  busy = true;
  waiting();
  try {
    while (queue.length && await deliver()) { /* the next one */ }
  } finally {
    busy = false;
  }
}

// Sends the oldest message with its own nonce, so that sending it again is harmless.
async function deliver() {
  const item = queue[0]; // the queue may be emptied meanwhile
  let answer, text;
  try {
    answer = await post(item);
    text = await answer.text();
  } catch {
    return later("Le réseau ne répond pas.");
  }
  if (!spoken(answer)) return later("Le service ne répond pas pour le moment.");
  if (answer.status === 429) {
    problem(text, false);
    timer = setTimeout(flush, 1000 * (Number(answer.headers.get("Retry-After")) || 30));
    return false;
  }
  if (answer.status >= 500) {
    problem(text);
    return false;
  }
  queue = queue.filter((other) => other !== item);
  tries = 0;
  if (answer.ok) settle(add(text), item);
  else problem(text, false);
  save();
  return true;
}

// Whether it is our server that speaks, and able to: not a relay before it, with a page of its own.
function spoken(answer) {
  if (answer.redirected || [502, 503, 504].includes(answer.status)) return false;
  return answer.ok || (answer.headers.get("Content-Type") ?? "").startsWith("text/plain");
}

function later(words) {
  const offline = navigator.onLine === false;
  problem(offline ? "Pas de réseau. Ton message partira dès qu’il revient." : words);
  if (!queue.length) show(); // emptied meanwhile
  else if (!offline && tries < WAITS.length) timer = setTimeout(flush, WAITS[tries++]);
  return false;
}

function settle(fresh, { fields, asked = true }) {
  if (queue.length === 0) show();
  const me = log.querySelector(".me.unsent");
  me?.classList.remove("unsent");
  if (!fresh.length) return;
  reveal(me ?? fresh[0]);
  // A press removed the button that had the focus: reading goes on at the answer.
  if (asked && "press" in fields) fresh[0].focus({ preventScroll: true });
}

// What was said to us while we were away.
async function pull() {
  if (busy || queue.length || !(log.querySelector("[data-id]") || "known" in log.dataset)) return;
  busy = true;
  try {
    const answer = await fetch(`/chat?after=${lastRead()}`, { headers: { "X-Requested-With": "fetch" }, credentials: "same-origin" });
    if (answer.ok) { add(await answer.text()); save(); news(); }
  } catch { /* still away */ } finally {
    busy = false;
    flush();
  }
}

// What came while nobody was here is read as soon as somebody looks: as if they had pressed.
// Whoever is choosing a file or writing presses when they are done.
function news() {
  const button = by("news")?.querySelector("button");
  if (!button || document.hidden || input.value || log.querySelector(".upload")) return;
  speak({ press: button.value }, button.textContent.trim(), false);
}

function clear() {
  const read = lastRead();
  log.replaceChildren();
  queue = [];
  save();
  show(element("span", "", "Écran effacé. Ta recherche, elle, est gardée."));
  input.focus();
  fetch("/chat", { method: "POST", headers: { "X-Requested-With": "fetch" }, body: new URLSearchParams({ clear: "1", read_up_to: read }), credentials: "same-origin" }).catch(() => {});
}

// A file cannot wait in the tab: the browser sends this form itself, and comes back to the page.
function uploaded(form) {
  const kept = log.cloneNode(true);
  for (const old of kept.querySelectorAll(".choices, .upload")) old.remove();
  const said = mine(form.querySelector("button").textContent.trim());
  said.remove();
  said.classList.remove("unsent");
  kept.append(said);
  store.set("log", kept.innerHTML);
}

function submitted(event) {
  const form = event.target, button = event.submitter;
  if (form.id === "upload") return uploaded(form);
  if (!["say", "press", "arrival", "clear", "news"].includes(form.id)) return;
  event.preventDefault();
  if (form.id === "clear") return clear();
  if (form.id === "arrival") {
    for (const shown of log.querySelectorAll(".message:not([data-id]):not(.me)")) shown.remove(); // it is said again
    return speak({}, button?.textContent.trim());
  }
  if (form.id === "press" || form.id === "news") {
    const title = button.closest(".card")?.querySelector("h3")?.textContent.trim();
    const label = button.textContent.trim();
    return speak({ press: button.value }, title ? `${label} : ${title}` : label);
  }
  const text = input.value.trim();
  if (!text) return input.focus();
  input.value = "";
  speak({ text }, text);
}

function restore() {
  const kept = store.get("log");
  const link = say.elements.link?.value;
  const fresh = Array.from(log.querySelectorAll(".message"));
  try { queue = JSON.parse(store.get("queue") ?? "[]"); } catch { queue = []; }
  if (kept) {
    log.innerHTML = kept;
    const read = lastRead();
    const newcomer = link && store.get("link") !== link;
    for (const message of fresh) if (newcomer || Number(message.dataset.id) > read) log.append(message);
    if (log.querySelector(".me")) document.body.classList.add("started");
    log.lastElementChild?.scrollIntoView({ block: "nearest" });
  }
  save();
}

restore();
document.addEventListener("submit", submitted);
addEventListener("online", () => { tries = 0; if (queue.length) flush(); else pull(); });
document.addEventListener("visibilitychange", () => { if (!document.hidden) pull(); });
if (queue.length) flush();
else if (by("arrival")) {
  if (store.get("link") === say.elements.link.value) by("arrival").remove();
  else by("arrival").querySelector("button").focus();
}
news();
