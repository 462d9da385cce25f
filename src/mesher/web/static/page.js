// What several pages share: text that can be copied, and parts that are fetched when the page stands.

for (const block of document.querySelectorAll("pre.copy")) addCopier(block, async () => block.querySelector("code").textContent);
for (const link of document.querySelectorAll("[data-copy-from]")) {
  addCopier(link, async () => (await fetch(link.href)).text(), "Copy");
}

function addCopier(beside, read) {
  // Browsers give the clipboard to pages over HTTPS, and on the machine itself.
  if (!navigator.clipboard) return;
  const button = Object.assign(document.createElement("button"), {
    type: "button",
    className: "copier",
    textContent: "Copy",
  });
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(await read());
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
  if (beside.matches("pre")) beside.prepend(button);
  else beside.after(button);
}

for (const place of document.querySelectorAll("[data-load]")) load(place);

async function load(place) {
  const answer = await fetch(place.dataset.load).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const part = page.querySelector("[data-part]");
  if (part) place.replaceChildren(...part.childNodes);
}
