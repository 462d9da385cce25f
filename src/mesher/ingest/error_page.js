// The dialog that asks a visitor what happened (showReportDialog of the JavaScript SDKs).
// All it knows comes from the address of this script; nothing of a request is written into it.
(() => {
  "use strict";
  const address = new URL(document.currentScript.src);
  const dialog = document.createElement("dialog");
  const form = document.createElement("form");
  const add = (parent, tag, properties) =>
    parent.appendChild(Object.assign(document.createElement(tag), properties));
  const field = (text, tag, properties) => {
    const label = add(form, "label", { textContent: text });
    label.style.display = "block";
    const input = add(label, tag, properties);
    input.style.cssText = "display:block;width:100%;box-sizing:border-box;margin:.2em 0 .8em";
    return input;
  };
  add(form, "h2", { textContent: "It looks like something went wrong" });
  add(form, "p", { textContent: "If you would like to help, tell us what happened." });
  const asked = address.searchParams;
  field("Name", "input", { name: "name", value: asked.get("name") || "", required: true });
  field("Email", "input", { name: "email", type: "email", value: asked.get("email") || "" });
  field("What happened?", "textarea", { name: "comments", rows: 6, required: true });
  const told = add(form, "p", {});
  told.setAttribute("role", "status");
  add(form, "button", { type: "submit", textContent: "Send" });
  const close = add(form, "button", { type: "button", textContent: "Close" });
  close.addEventListener("click", () => dialog.close());
  form.addEventListener("submit", async (submitted) => {
    submitted.preventDefault();
    try {
      const body = new URLSearchParams(new FormData(form));
      const answer = await fetch(address, { method: "POST", body });
      told.textContent = answer.ok ? "Thank you." : "It could not be sent. Please try again.";
    } catch {
      told.textContent = "It could not be sent. Please try again.";
    }
  });
  dialog.style.cssText = "max-width:30em;font-family:sans-serif";
  dialog.addEventListener("close", () => dialog.remove());
  dialog.appendChild(form);
  document.body.appendChild(dialog);
  dialog.showModal();
})();
