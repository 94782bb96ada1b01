// Comfort only: every page works without this script.
(() => {
  "use strict";

  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }

  // Explanations and details open in a window of their own; without script the link opens a tab.
  for (const link of document.querySelectorAll("a[data-popup]")) {
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      const opened = window.open(link.href, "_blank", "popup,width=760,height=720");
      if (opened) event.preventDefault();
    });
  }
  for (const link of document.querySelectorAll("a[data-close]")) {
    link.addEventListener("click", (event) => {
      if (window.opener || window.history.length === 1) {
        event.preventDefault();
        window.close();
      }
    });
  }

  document.querySelector("[data-focus]")?.focus();

  // 「特約コードの追加／削除」 can be pressed only with 対象特約のみ参照可能 (G-062); the server judges it too.
  const listed = document.querySelector("[data-listed]");
  if (listed) {
    const button = listed.querySelector("button");
    const follow = () => {
      const chosen = document.querySelector('input[name="data_scope"]:checked');
      button.disabled = !chosen || chosen.value !== "listed";
    };
    for (const radio of document.querySelectorAll('input[name="data_scope"]')) {
      radio.addEventListener("change", follow);
    }
    follow();
  }

  // A word five minutes before the session ends of idleness.
  const minutes = Number(document.body.dataset.idleMinutes || 0);
  if (minutes > 5) {
    setTimeout(() => {
      document.querySelector(".idle-warning").hidden = false;
    }, (minutes - 5) * 60_000);
  }
})();
