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

  // Items that are asked only with some answer to another one; the server drops what is not asked.
  for (const item of document.querySelectorAll("[data-when]")) {
    const values = item.dataset.values.split(" ");
    const others = document.getElementsByName(item.dataset.when);
    const follow = () => {
      const typed = [...others].some((other) =>
        other.type === "checkbox" ? other.checked && values.includes("yes")
          : other.type === "radio" ? other.checked && values.includes(other.value)
            : values.includes(other.value));
      item.hidden = !typed;
    };
    for (const other of others) other.addEventListener("change", follow);
    follow();
  }

  // Pink goes when something is typed; what differs from what is in force turns orange.
  for (const control of document.querySelectorAll("input.missing, select.missing, textarea.missing")) {
    control.addEventListener("input", () => control.classList.toggle("missing", !control.value));
  }
  for (const control of document.querySelectorAll("[data-original]")) {
    const typed = () => {
      if (control.classList.contains("radios")) {
        return [...control.querySelectorAll("input:checked")].map((input) => input.value).join(" ");
      }
      return control.type === "checkbox" ? (control.checked ? "on" : "") : control.value;
    };
    for (const word of ["input", "change"]) {
      control.addEventListener(word, () => {
        control.closest(".item")?.classList.toggle("changed", typed() !== control.dataset.original);
      });
    }
  }

  // A second press of 「申込む」 waits for the first; the server applies once in any case.
  for (const form of document.querySelectorAll("form[data-once]")) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "yes";
    });
  }

  // Files: too many bytes are told before they travel; progress is shown while they do.
  for (const form of document.querySelectorAll("form[data-most-bytes]")) {
    form.addEventListener("submit", (event) => {
      const files = [...form.querySelectorAll('input[type="file"]')].flatMap((input) => [...input.files]);
      const total = files.reduce((sum, file) => sum + file.size, Number(form.dataset.usedBytes));
      const word = form.querySelector(".upload-word");
      if (word && files.length && total > Number(form.dataset.mostBytes)) {
        event.preventDefault();
        word.textContent = "添付の合計が大きすぎます。ファイルを減らすか、別送資料としてください。";
        word.focus();
      } else if (word && files.length) {
        word.textContent = "ファイルを送信しています…";
      }
    });
  }

  // How many characters are left; the server counts them too.
  for (const area of document.querySelectorAll("textarea[data-most]")) {
    const most = Number(area.dataset.most);
    const left = document.createElement("p");
    left.className = "note";
    left.setAttribute("aria-live", "polite");
    const count = () => {
      const typed = [...area.value.normalize("NFC")].length;
      left.textContent = typed > most ? `${typed - most}文字超えています` : `あと${most - typed}文字`;
    };
    area.addEventListener("input", count);
    area.after(left);
    count();
  }

  // A large file on its way: how much of it has arrived. What comes back is the page that the form would have brought.
  for (const form of document.querySelectorAll("form[data-progress]")) {
    form.addEventListener("submit", (event) => {
      const chosen = [...form.querySelectorAll('input[type="file"]')].some((input) => input.files.length);
      if (!chosen && !form.dataset.sending) return;
      event.preventDefault();
      if (form.dataset.sending) return;
      form.dataset.sending = "yes";
      const [box, bar, word] = [".sending", ".sending progress", ".sending p"].map((part) => form.querySelector(part));
      const button = event.submitter;
      const body = new FormData(form);
      if (button?.name) body.append(button.name, button.value);
      const request = new XMLHttpRequest();
      request.open("POST", button?.getAttribute("formaction") || form.action);
      const stopped = () => {
        word.textContent = "送信が途中で切れました。通信を確認して、もう一度ボタンを押してください。";
        delete form.dataset.sending;
      };
      request.upload.addEventListener("progress", (sent) => {
        if (!sent.lengthComputable) return;
        bar.value = Math.floor((100 * sent.loaded) / sent.total);
        word.textContent = `ファイルを送信しています（${bar.value}%）`;
      });
      request.upload.addEventListener("load", () => {
        bar.removeAttribute("value");
        word.textContent = "届きました。内容を確認しています…";
      });
      request.addEventListener("error", stopped);
      request.addEventListener("abort", stopped);
      request.addEventListener("load", () => {
        if (request.responseURL !== new URL(button?.getAttribute("formaction") || form.action, location).href) {
          location.assign(request.responseURL);
          return;
        }
        document.open();
        document.write(request.responseText);
        document.close();
      });
      box.hidden = false;
      word.textContent = "ファイルを送信しています";
      request.send(body);
    });
  }

  // A word five minutes before the session ends of idleness.
  const minutes = Number(document.body.dataset.idleMinutes || 0);
  if (minutes > 5) {
    setTimeout(() => {
      document.querySelector(".idle-warning").hidden = false;
    }, (minutes - 5) * 60_000);
  }
})();
