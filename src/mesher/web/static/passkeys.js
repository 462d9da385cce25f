// Forms with data-passkey ask the browser for a passkey before they are sent. Without a browser that
// knows passkeys they stay hidden, and so does nothing else on the page change.

const supported = "PublicKeyCredential" in window && "parseRequestOptionsFromJSON" in PublicKeyCredential;

async function ask(kind, options) {
  if (kind === "create") {
    return navigator.credentials.create({
      publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options),
    });
  }
  return navigator.credentials.get({
    publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options),
  });
}

async function fill(event) {
  event.preventDefault();
  const form = event.currentTarget;
  const problem = form.querySelector(".problem");
  problem.hidden = true;
  try {
    const credential = await ask(form.dataset.passkey, JSON.parse(form.dataset.options));
    form.elements.credential.value = JSON.stringify(credential);
  } catch (error) {
    problem.textContent = `The browser gave no passkey: ${error.message}`;
    problem.hidden = false;
    return;
  }
  form.submit();
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.hidden = !supported;
  form.addEventListener("submit", fill);
}
for (const note of document.querySelectorAll("[data-without-passkeys]")) {
  note.hidden = supported;
}
