import js from "@eslint/js";

export default [
  js.configs.recommended,
  { ignores: ["node_modules/"] },
  { files: ["src/*.js"], rules: { "no-undef": "off" } }, // TypeScript knows the browser's names
  { files: ["site/sw.js", "test/*.js"], rules: { "no-undef": "off" } },
];
