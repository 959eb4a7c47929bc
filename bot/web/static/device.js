// Being told on this device that something came: asked for by a press, and only where an alert is
// kept. Whatever happens, what the server offers (#device, with its key) decides.

const by = (id) => document.getElementById(id);
const able = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));

const store = {
  get(name) { try { return sessionStorage.getItem(name); } catch { return null; } },
  set(name, value) { try { sessionStorage.setItem(name, value); } catch { /* it is told again, no more */ } },
};

let words = ""; // what became of the last press

async function told(path, subscription) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Requested-With": "fetch" },
    body: JSON.stringify(subscription),
    credentials: "same-origin",
  });
  return answer.ok;
}

async function current() {
  const registration = await navigator.serviceWorker.getRegistration("/");
  return await registration?.pushManager.getSubscription() ?? null;
}

async function forget(subscription) {
  store.set("device", "");
  await subscription.unsubscribe();
  await told("/appareil/oubli", { endpoint: subscription.endpoint });
}

// Made for another key of ours: that one would never be told anything.
function stale(subscription, key) {
  const own = subscription.options?.applicationServerKey;
  if (!own) return false;
  const [had, has] = [new Uint8Array(own), bytes(key)];
  return had.length !== has.length || had.some((byte, i) => byte !== has[i]);
}

async function begin(key, permission) {
  if (await permission !== "granted") {
    return "Ton navigateur refuse les notifications\u00a0: autorise-les dans ses réglages.";
  }
  await navigator.serviceWorker.register("/worker.js", { scope: "/" });
  const registration = await navigator.serviceWorker.ready;
  const subscription = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(key) });
  if (!await told("/appareil", subscription)) {
    await subscription.unsubscribe();
    return "Ça n’a pas marché. Réessaie dans quelques minutes.";
  }
  store.set("device", subscription.endpoint);
  return "C’est noté\u00a0: cet appareil te préviendra.";
}

async function end() {
  const subscription = await current();
  if (subscription) await forget(subscription);
  return "C’est noté\u00a0: cet appareil ne te préviendra plus.";
}

// The server may have lost a subscription: it is told once for each tab.
async function remind(subscription) {
  if (store.get("device") === subscription.endpoint) return;
  if (await told("/appareil", subscription)) store.set("device", subscription.endpoint);
}

async function refresh() {
  const button = by("device")?.querySelector("button");
  let subscription = await current();
  if (subscription && (!button || stale(subscription, button.dataset.key))) {
    await forget(subscription);
    subscription = null;
  }
  if (!button) return;
  button.value = subscription ? "off" : "on"; // what a press does
  button.textContent = button.dataset[button.value];
  by("device").querySelector("[role=status]").textContent = words;
  by("device").hidden = Notification.permission === "denied" && !words;
  button.hidden = Notification.permission === "denied";
  if (subscription) await remind(subscription);
}

// One at a time, in order: a press and what the page becomes meanwhile.
let last = Promise.resolve();
function then(work) {
  last = last.then(work).catch(() => { /* no network, or a browser that will not: nothing changed */ });
  return last;
}

function clicked(event) {
  const button = event.target.closest("#device button");
  if (!button) return;
  button.disabled = true;
  words = "Ça n’a pas marché. Réessaie dans quelques minutes.";
  // asked for at once: browsers only let it happen while a press lasts
  const permission = button.value === "on" ? Notification.requestPermission() : null;
  then(async () => { words = await (permission ? begin(button.dataset.key, permission) : end()); });
  then(refresh).finally(() => { button.disabled = false; });
}

if (able) {
  document.addEventListener("click", clicked);
  document.addEventListener("beside", () => { words = ""; then(refresh); });
  then(refresh);
}
