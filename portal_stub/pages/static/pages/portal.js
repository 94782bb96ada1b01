// Comfort only: every page works without this script.
(() => {
  "use strict";

  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
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
