// What moves on pages. Every page reads and works without it: this plays recordings word by word, and listens to keys.
"use strict";
(function () {
  var all = function (selector, root) { return Array.prototype.slice.call((root || document).querySelectorAll(selector)); };
  document.documentElement.classList.add("js");

  // keys: each stands beside its button; never while somebody types, and Enter and space stay what the focused thing makes of them
  var named = { Enter: "enter", " ": "space", Spacebar: "space" };
  document.addEventListener("keydown", function (event) {
    var at = event.target, radio = at.type === "radio";
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || event.isComposing) { return; }
    if (/^(TEXTAREA|SELECT)$/.test(at.tagName) || (at.tagName === "INPUT" && !radio)) { return; }
    if (named[event.key] && (/^(A|BUTTON|SUMMARY|AUDIO)$/.test(at.tagName) || (radio && named[event.key] === "space" && !at.checked))) { return; }
    var key = named[event.key] || (/^[a-z0-9\/]$/i.test(event.key) ? event.key.toLowerCase() : "none");
    var deed = document.querySelector('[data-key="' + key + '"]');
    if (!deed) { return; }
    event.preventDefault();
    if (deed.type === "radio") { deed.click(); deed.focus(); } else if (/^(INPUT|SELECT)$/.test(deed.tagName)) { deed.focus(); } else { deed.click(); }
  });

  // a recording: the word that is being spoken is lit; a click on a word plays from there
  all("[data-player]").forEach(function (player) {
    var panel = player.parentElement, sound = player.querySelector("audio");
    var words = all(".w", panel), now = panel.querySelector("[data-now]");
    var show = function () {
      var at = sound.currentTime;
      words.forEach(function (word) {
        word.classList.toggle("lit", !sound.paused && at >= Number(word.dataset.from) && at < Number(word.dataset.to));
      });
      if (now) { now.setAttribute("d", "M" + Math.min(1200, at * 100) + " 24v100"); }
      if (!sound.paused) { window.requestAnimationFrame(show); }
    };
    ["play", "pause", "seeked", "ended"].forEach(function (name) { sound.addEventListener(name, show); });
    words.forEach(function (word) {
      word.addEventListener("click", function () {
        sound.currentTime = Number(word.dataset.from);
        sound.play();
      });
    });
    all("[data-play]", player).forEach(function (button) {
      button.addEventListener("click", function () { if (sound.paused) { sound.play(); } else { sound.pause(); } });
    });
    all("[data-skip]", player).forEach(function (button) {
      button.addEventListener("click", function () { sound.currentTime = Math.max(0, sound.currentTime + Number(button.dataset.skip)); });
    });
    all("[data-rate]", player).forEach(function (button) {
      button.addEventListener("click", function () {
        sound.playbackRate = Number(button.dataset.rate);
        all("[data-rate]", player).forEach(function (one) { one.setAttribute("aria-pressed", String(one === button)); });
      });
    });
  });
})();
