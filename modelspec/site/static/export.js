// The filtered list as a file. Both forms have the names of the model's own YAML.

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

/** RFC 4180. What a spreadsheet would take for a formula gets a leading apostrophe; its wide forms count in East Asia. */
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
  // Some browsers begin to read the file only after this turn.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
};
