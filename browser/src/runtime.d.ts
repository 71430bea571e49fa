declare module "*/ort.wasm.bundle.min.mjs" {
  export * from "onnxruntime-web";
}
