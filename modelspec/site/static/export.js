// The filtered list as a file, with the field names of the YAML files.

const COLUMNS = [
  "model_id", "name", "region", "priority_head", "endpoint", "provider", "status", "local_inference", "tags",
];

const row = ({ id, name, region, head, endpoint, provider, status, local, tags }) => ({
  model_id: id,
  name,
  region,
  priority_head: head,
  endpoint,
  provider,
  status,
  local_inference: local,
  tags,
});

export const toJson = (models) => `${JSON.stringify(models.map(row), null, 2)}\n`;

/** RFC 4180. What a spreadsheet would read as a formula, also in full-width characters, gets a leading apostrophe. */
const cell = (value) => {
  const text = String(Array.isArray(value) ? value.join(" ") : value);
  const plain = /^[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
};

export const toCsv = (models) =>
  [COLUMNS, ...models.map((model) => COLUMNS.map((column) => row(model)[column]))]
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
