// A link that holds a whole scenario after its `#`, which a browser sends to nobody: a version, and the text, deflated, in base64url.
const version = "1";
// What every browser and most programs take as an address.
const longest = 32_000;
// A link can hold more text than it looks: it is not unpacked beyond this.
const largest = 4 << 20;

const pipe = (bytes, through) => new Blob([bytes]).stream().pipeThrough(through).getReader();

async function all(reader, most) {
  const parts = [];
  let length = 0;
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > most) {
      await reader.cancel();
      return null;
    }
    parts.push(value);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

export async function write(text) {
  const bytes = await all(pipe(new TextEncoder().encode(text), new CompressionStream("deflate-raw")), Infinity);
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  const hash = `#${version}=${btoa(binary).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "")}`;
  if (hash.length > longest) return { wrong: `This scenario is too large for a link: ${hash.length} characters, and there can be ${longest}. Save it, and send the file.` };
  return { hash };
}

export async function read(hash) {
  const found = hash.match(/^#(\d+)=([\w-]*)$/);
  if (!found) return { wrong: "This link is none of a scenario." };
  if (found[1] !== version) return { wrong: `This link is of version ${found[1]}, and this tokenstorm reads version ${version}.` };
  if (hash.length > longest) return { wrong: `This link is too long: ${hash.length} characters, and there can be ${longest}.` };
  try {
    const binary = atob(found[2].replace(/-/g, "+").replace(/_/g, "/"));
    const bytes = await all(pipe(Uint8Array.from(binary, (letter) => letter.charCodeAt(0)), new DecompressionStream("deflate-raw")), largest);
    if (!bytes) return { wrong: `This link holds more than a scenario can: ${largest} bytes.` };
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch {
    return { wrong: "This link was cut off or changed on the way, and cannot be read." };
  }
}
