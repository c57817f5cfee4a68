// Starts `modelspec lsp` for the YAML files of a workspace.
const { window, workspace } = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

exports.activate = async () => {
  const command = workspace.getConfiguration("modelspec").get("command");
  const documentSelector = [{ scheme: "file", language: "yaml" }];
  client = new LanguageClient("modelspec", "modelspec", { command, args: ["lsp"] }, { documentSelector });
  try {
    await client.start();
  } catch {
    client = undefined;
    window.showErrorMessage(
      `modelspec: '${command} lsp' does not start. Install modelspec with its extra lsp, or set modelspec.command.`,
    );
  }
};

exports.deactivate = () => client?.stop();
