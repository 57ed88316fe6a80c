/* Looks at a key in the page, before it is sent: a secret one is not sent at all, of others it is shown which they are.
 *
 * It is for whoever takes the wrong file.  The secret key packets are found here, by themselves (RFC 9580 §4), whatever version or algorithm
 * they are of; OpenPGP.js is fetched once there is something to show, and looks for secret keys a second time.  What neither can read is
 * sent, for the server to decide; so is everything where scripts don't run.  All sentences come with the page, in its language.
 */
"use strict";

(() => {
  const own = document.currentScript;
  const PUBLIC_KEY = 6;
  const SECRET = new Set([5, 7]); // Secret-Key and Secret-Subkey packet, RFC 9580 §5
  const MARKS = [
    /(?:PRIVATE|SECRET) KEY BLOCK/i, // RFC 9580 §6.2, and what very old programs wrote
    /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/i, // of TLS and SSH
    /\((?:\d+:)?[a-z-]*private-key\s*\(/, // GnuPG's own files, in private-keys-v1.d; names of people may have the word
  ];
  const SHOWN = 10; // keys, of many
  const PATIENCE = 5000; // milliseconds, for OpenPGP.js
  const AGAIN = 5000; // milliseconds in which nobody means to send the same once more

  /* The bytes as characters, each one; without the zeros that UTF-16 has, as PowerShell writes it. */
  const textOf = (bytes) => {
    let text = "";
    for (let at = 0; at < bytes.length; at += 0x8000) {
      text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
    }
    return text.replaceAll("\0", "");
  };

  const decoded = (base64) => {
    const clean = base64.replace(/[^A-Za-z0-9+/]/g, "");
    const whole = clean.length % 4 === 1 ? clean.slice(0, -1) : clean;
    return Uint8Array.from(atob(whole), (character) => character.charCodeAt(0));
  };

  /* What is in armor of any name (RFC 9580 §6.2), also where it was cut off at its end, or comes quoted from a mail. */
  const blocks = (text) => {
    const found = [];
    for (const part of text.split(/-----BEGIN PGP [^\r\n]*/).slice(1)) {
      const lines = part.split(/-----END/)[0].split(/\r\n|\r|\n/).map((line) => line.replace(/^[\s>|]+/, ""));
      found.push(decoded(lines.filter((line) => !line.includes(":") && !line.startsWith("=")).join("")));
    }
    return found;
  };

  /* What is in armor of which somebody took the middle only; null for everything else. */
  const middle = (text) => {
    const lines = text.trim().split(/\s+/);
    return lines[0].length >= 60 && lines.every((line) => /^[A-Za-z0-9+/]*(?:={1,2}[A-Za-z0-9+/]*)?$/.test(line))
      ? decoded(lines.filter((line) => !line.startsWith("=")).join(""))
      : null;
  };

  /* The packets (RFC 9580 §4.2): type and where they begin; as far as they can be told apart. */
  function* packets(data) {
    let at = 0;
    while (at < data.length && data[at] & 0x80) {
      const start = at;
      const first = data[at];
      const number = (from, count) => data.subarray(from, from + count).reduce((sum, octet) => sum * 256 + octet, 0);
      at += 1;
      if (first & 0x40) {
        let more = true;
        while (more && at < data.length) {
          const length = data[at];
          more = length >= 224 && length < 255; // in parts
          if (length < 192) at += 1 + length;
          else if (length < 224) at += 2 + ((length - 192) << 8) + data[at + 1] + 192;
          else if (more) at += 1 + 2 ** (length & 0x1f);
          else at += 5 + number(at + 1, 4);
        }
        yield { kind: first & 0x3f, start };
      } else {
        const count = 2 ** (first & 3);
        at = count === 8 ? data.length : at + count + number(at, count);
        yield { kind: (first >> 2) & 0xf, start };
      }
      if (Number.isNaN(at)) return; // cut off within a length
    }
  }

  /* What is in it: whether a secret key is; how many certificates are, and the first of them, each for itself. */
  const looked = (bytes) => {
    const secret = { secret: true };
    const text = textOf(bytes);
    if (MARKS.some((mark) => mark.test(text))) return secret;
    const armored = blocks(text);
    const keys = [];
    let count = 0;
    for (const part of armored.length > 0 ? armored : [middle(text) ?? bytes]) {
      const starts = [];
      for (const { kind, start } of packets(part)) {
        if (SECRET.has(kind)) return secret;
        if (kind !== PUBLIC_KEY) continue;
        count += 1;
        if (starts.length <= SHOWN) starts.push(start);
      }
      for (const [index, start] of starts.entries()) {
        if (keys.length < SHOWN) keys.push(part.subarray(start, starts[index + 1]));
      }
    }
    return { secret: false, keys, count };
  };

  let library;
  const openpgp = () => {
    library ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.nonce = own.nonce;
      script.src = own.dataset.openpgp;
      script.onload = () => resolve(window.openpgp);
      script.onerror = reject;
      document.head.append(script);
    });
    return library;
  };

  const made = (name, text, className = "") => {
    const element = document.createElement(name);
    element.textContent = text;
    element.className = className;
    return element;
  };

  /* A name as somebody has written it: inert, in its own direction, with nothing in it that can't be seen. */
  const named = (text) => made("bdi", text.replace(/\p{C}/gu, "\ufffd"));

  /* A certificate as people compare it; whether it is a secret one is what OpenPGP.js says of it. */
  const shown = async (binaryKey) => {
    const item = document.createElement("li");
    let secret = false;
    try {
      const key = await (await openpgp()).readKey({ binaryKey });
      secret = key.isPrivate();
      item.append(made("code", key.getFingerprint().toUpperCase().match(/.{1,4}/g).join(" ")));
      for (const name of key.getUserIDs()) {
        const line = document.createElement("div");
        line.append(named(name));
        item.append(line);
      }
    } catch {
      item.textContent = own.dataset.unreadable;
    }
    return { item, secret };
  };

  const later = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

  class KeyForm {
    constructor(form) {
      this.form = form;
      this.fields = [...form.querySelectorAll("input[type=file], textarea")];
      this.said = form.querySelector("[data-pgpmailman-said]");
      this.found = form.querySelector("[data-pgpmailman-found]");
      this.round = 0;
      this.busy = false;
      this.passed = false;
      this.quiet = 0; // until when a click is one more of those that have sent it
      this.refused = null; // the field whose content was
      for (const field of this.fields) field.addEventListener("change", () => this.look());
      // Who pastes need not leave the field first.
      form.addEventListener("paste", () => setTimeout(() => this.look()));
      form.addEventListener("submit", (event) => this.submit(event));
    }

    /* Look at all that would be sent; whether it may be.  What was chosen last is what is shown. */
    async look() {
      this.round += 1;
      const round = this.round;
      const keys = [];
      let count = 0;
      for (const field of this.fields) {
        for (const source of field.files ?? [new Blob([field.value])]) {
          const found = source.size > Number(own.dataset.most) ? { long: true } : looked(await this.read(source));
          if (found.secret) return this.refuse(field, own.dataset.secret);
          if (found.long) return this.refuse(field, own.dataset.long);
          keys.push(...found.keys);
          count += found.count;
        }
      }
      if (round === this.round) {
        this.refused = null;
        this.said.replaceChildren();
      }
      return Promise.race([this.show(keys, count, round), later(PATIENCE).then(() => true)]);
    }

    /* What can't be read here is the server's matter, or the browser's own. */
    async read(source) {
      try {
        return new Uint8Array(await source.arrayBuffer());
      } catch {
        return new Uint8Array();
      }
    }

    async show(keys, count, round) {
      const items = [];
      for (const key of own.dataset.openpgp ? keys.slice(0, SHOWN) : []) {
        const { item, secret } = await shown(key);
        if (secret) return this.refuse(this.fields[0], own.dataset.secret);
        items.push(item);
      }
      if (round !== this.round) return true;
      this.found.replaceChildren();
      if (items.length === 0) return true;
      const list = made("ul", "", "list-unstyled mb-0");
      list.append(...items);
      this.found.append(made("p", own.dataset.found, "fw-bold mb-1"), list);
      if (count > items.length) this.found.append(made("p", `${own.dataset.more} ${count - items.length}`));
      return true;
    }

    /* Nothing of it stays in the page. */
    refuse(field, sentence) {
      this.round += 1;
      for (const each of this.fields) each.value = "";
      this.found.replaceChildren();
      this.said.replaceChildren(made("div", sentence, "alert alert-danger"));
      this.refused = field;
      field.focus();
      return false;
    }

    /* What would be sent now; two that are the same are equal item by item. */
    chosen() {
      return this.fields.flatMap((field) => (field.files ? [...field.files] : [field.value]));
    }

    async submit(event) {
      if (this.passed) {
        this.passed = false;
        return;
      }
      event.preventDefault();
      const before = this.chosen();
      if (this.busy || performance.now() < this.quiet) return; // a second click
      if (this.refused && before.every((one) => one === "")) return this.refused.focus(); // it was refused meanwhile
      this.busy = true;
      let may = true;
      try {
        may = await this.look();
      } catch {
        // What goes wrong here keeps nobody out.
      }
      this.busy = false;
      const now = this.chosen();
      if (!may || now.length !== before.length || now.some((one, index) => one !== before[index])) return;
      this.passed = true;
      this.quiet = performance.now() + AGAIN;
      this.form.requestSubmit(event.submitter);
      this.passed = false;
    }
  }

  if (!HTMLFormElement.prototype.requestSubmit) return; // in old browsers the form stays as it is
  for (const said of document.querySelectorAll("[data-pgpmailman-said]")) new KeyForm(said.closest("form"));
})();
