// Gives what the microphone hears to the page, block by block.
"use strict";
registerProcessor("heard", class extends AudioWorkletProcessor {
  process(inputs) {
    if (inputs[0].length) { this.port.postMessage(inputs[0][0].slice(0)); }
    return true;
  }
});
