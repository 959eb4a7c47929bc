// Shows that something came. It says nothing of what: anybody may be looking at the screen.
addEventListener("push", (event) => {
  event.waitUntil(registration.showNotification("C’est ma chance\u00a0: il y a du nouveau", {
    icon: "/static/favicon.svg", lang: "fr", tag: "news",
  }));
});

addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open());
});

// The page that is open already, or a new one: it reads what came by itself.
async function open() {
  const pages = await clients.matchAll({ type: "window" });
  const chat = pages.find((page) => ["/", "/chat"].includes(new URL(page.url).pathname));
  return chat ? chat.focus() : clients.openWindow("/chat");
}
