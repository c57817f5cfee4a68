// Starts `modelspec lsp` for the YAML files of a workspace.
const { workspace } = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

exports.activate = () => {
  const command = workspace.getConfiguration("modelspec").get("command");
  const selector = ["yaml"].map((language) => ({ scheme: "file", language }));
  client = new LanguageClient("modelspec", "modelspec", { command, args: ["lsp"] }, { documentSelector: selector });
  return client.start();
};

exports.deactivate = () => client?.stop();
