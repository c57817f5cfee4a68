// The filtered list as a file, with the field names of the YAML files.

const COLUMNS = [
  "model_id", "name", "region", "priority_head", "endpoint", "provider", "status", "local_inference", "tags",
];

const row = ({ shown, keys, endpoint }) => ({
  model_id: shown.id,
  name: shown.name,
  region: keys.region,
  priority_head: keys.head,
  endpoint,
  provider: keys.provider,
  status: keys.status,
  local_inference: keys.local === "yes",
  tags: keys.tag,
});

export const toJson = (records) => `${JSON.stringify(records.map(row), null, 2)}\n`;

/** RFC 4180. What a spreadsheet would read as a formula, also in full-width characters, gets a leading apostrophe. */
const cell = (value) => {
  const text = String(Array.isArray(value) ? value.join(" ") : value);
  const plain = /^[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
};

export const toCsv = (records) =>
  [COLUMNS, ...records.map((record) => COLUMNS.map((column) => row(record)[column]))]
    .map((cells) => `${cells.map(cell).join(",")}\r\n`)
    .join("");

export const download = (name, type, text) => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  // Some browsers start to read the file only later.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
};
