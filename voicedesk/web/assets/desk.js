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

  // a greeting is practised: the microphone is heard until its speaker stops, and the sound is sent to be judged
  all("[data-practice]").forEach(function (panel) {
    var LONGEST_S = 20, QUIET_S = 2, LOUD = 0.02, LEAST_RATE = 16000;
    var button = panel.querySelector("[data-speak]"), says = panel.querySelector("[data-hearing]"), came = panel.querySelector("[data-came]");
    var Context = window.AudioContext || window.webkitAudioContext, words = button.textContent, stop = null;
    if (!Context || !window.AudioWorkletNode || !window.fetch || !navigator.mediaDevices || !navigator.mediaDevices.getUserMedia) {
      panel.querySelector("[data-no-microphone]").hidden = false;
      return;
    }
    button.hidden = false;
    var say = function (name) { says.textContent = says.dataset[name]; };
    // 16 bits, one channel, a rate that a microphone's is a multiple of
    var wav = function (blocks, rate) {
      var step = Math.max(1, Math.floor(rate / LEAST_RATE)), samples = [], n = 0, sum = 0;
      blocks.forEach(function (block) {
        for (var at = 0; at < block.length; at += 1) {
          sum += block[at]; n += 1;
          if (n === step) { samples.push(sum / step); n = 0; sum = 0; }
        }
      });
      var view = new DataView(new ArrayBuffer(44 + samples.length * 2)), to = Math.round(rate / step);
      var text = function (at, letters) { for (var k = 0; k < letters.length; k += 1) { view.setUint8(at + k, letters.charCodeAt(k)); } };
      text(0, "RIFF"); view.setUint32(4, 36 + samples.length * 2, true); text(8, "WAVEfmt "); view.setUint32(16, 16, true);
      view.setUint16(20, 1, true); view.setUint16(22, 1, true); view.setUint32(24, to, true); view.setUint32(28, to * 2, true);
      view.setUint16(32, 2, true); view.setUint16(34, 16, true); text(36, "data"); view.setUint32(40, samples.length * 2, true);
      samples.forEach(function (one, k) { view.setInt16(44 + k * 2, Math.max(-1, Math.min(1, one)) * 32767, true); });
      return view.buffer;
    };
    var send = function (sound) {
      say("judges");
      button.disabled = true;
      var line = panel.querySelector("[data-line]").value, address = panel.dataset.practice + "?line=" + encodeURIComponent(line);
      var headers = { "Content-Type": "audio/wav", "Desk-Form": panel.dataset.form };
      window.fetch(address, { method: "POST", body: sound, headers: headers, credentials: "same-origin" }).then(function (answer) {
        return answer.text();
      }).then(function (text) {
        var part = new window.DOMParser().parseFromString(text, "text/html").querySelector("[data-practised]");
        if (!part) { throw new Error(); }
        came.textContent = "";
        came.appendChild(document.importNode(part, true));
        says.textContent = "";
      }).catch(function () { say("failed"); }).then(function () { button.disabled = false; });
    };
    var listen = function (stream) {
      var context = new Context(), source = context.createMediaStreamSource(stream);
      context.audioWorklet.addModule(panel.dataset.microphone).then(function () { hear(stream, context, source); }, function () { say("failed"); });
    };
    var hear = function (stream, context, source) {
      var heard = new window.AudioWorkletNode(context, "heard"), blocks = [], seconds = 0, spokeAt = 0;
      stop = function () {
        stop = null;
        source.disconnect();
        stream.getTracks().forEach(function (track) { track.stop(); });
        context.close();
        button.textContent = words;
        send(wav(blocks, context.sampleRate));
      };
      heard.port.onmessage = function (event) {
        var block = event.data, loudest = 0;
        if (!stop) { return; }
        blocks.push(block);
        seconds += block.length / context.sampleRate;
        for (var at = 0; at < block.length; at += 1) { loudest = Math.max(loudest, Math.abs(block[at])); }
        if (loudest >= LOUD) { spokeAt = seconds; }
        if (seconds >= LONGEST_S || (spokeAt && seconds - spokeAt >= QUIET_S)) { stop(); }
      };
      source.connect(heard);
      context.resume();
      button.textContent = button.dataset.stop;
      say("listens");
    };
    button.addEventListener("click", function () {
      if (stop) { stop(); return; }
      came.textContent = "";
      navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: false, noiseSuppression: false } }).then(listen, function () { say("denied"); });
    });
  });

  // a page that stays open: told by the stream that something changed, it asks for its parts again
  all("[data-stream]").forEach(function (page) {
    if (!window.EventSource || !window.fetch || !window.DOMParser) { return; }
    var SILENT_MS = 20000, LEAST_MS = Number(page.dataset.least || 1000), MOST_MS = 10000, MOMENT_MS = 150, pause = LEAST_MS;
    var list = page.dataset.rows || "", every = Number(page.dataset.every || 0) * 1000;
    var sign = document.querySelector("[data-sign]"), address = page.dataset.stream;
    var source = null, heard = 0, fresh = Date.now(), asking = false, wanted = false, shows = false, timer = 0, moved = Date.now(), told = Date.now();
    var begun = window.performance.now(), momentAt = 0, loadAt = list ? Date.now() : 0;

    // who types, opened something, or marks words keeps the page as it is
    var busy = function () {
      var at = document.activeElement, chosen = window.getSelection && String(window.getSelection());
      if (list && at && at !== document.body && at.closest("details[open]")) { return true; }
      var types = at && (list || page.contains(at)) && (/^(TEXTAREA|SELECT)$/.test(at.tagName) || (at.tagName === "INPUT" && !/^(checkbox|radio)$/.test(at.type) && (at.value || page.contains(at))));
      return !!(chosen || document.querySelector("dialog[open]") || types);
    };
    // forms that are opened or written into stay as they are, and all about them: a link says that something changed
    var deeds = function () { return page.querySelector("[data-deeds]"); };
    var fields = function (root) { return all("textarea, select, input", root).filter(function (one) { return one.type !== "hidden"; }); };
    var isWritten = function (one) {
      if (/^(radio|checkbox)$/.test(one.type)) { return one.checked !== one.defaultChecked; }
      if (one.tagName === "SELECT") { return all("option", one).some(function (choice) { return choice.selected && !choice.defaultSelected && choice.index > 0; }); }
      return one.value !== one.defaultValue;
    };
    var atWork = function (part) {
      return page.hasAttribute("data-kept") || part.contains(document.activeElement) || fields(part).some(isWritten) || all("details[open]", part).some(function (one) { return !one.hasAttribute("data-open"); });
    };
    // what was written goes into the same form of the new part; where that is gone it can still be read
    var formOf = function (one, root) {
      var named = one.form && one.form.querySelector("[name=do]");
      return named && all("form", root).filter(function (form) { var here = form.querySelector("[name=do]"); return here && here.value === named.value; })[0];
    };
    var carry = function (old, made) {
      var lost = [];
      fields(old).filter(function (one) { return isWritten(one) || (page.hasAttribute("data-kept") && one.value && !/^(radio|checkbox)$/.test(one.type)); }).forEach(function (one) {
        var form = formOf(one, made), to = form && fields(form).filter(function (each) { return each.name === one.name && (one.type !== "radio" || each.value === one.value); })[0];
        if (!to) { if (one.tagName === "TEXTAREA") { lost.push(one.value); } return; }
        if (/^(radio|checkbox)$/.test(one.type)) { to.checked = one.checked; } else { to.value = one.value; }
        for (var at = to.closest("details"); at; at = at.parentElement.closest("details")) { at.open = true; }
      });
      var told = made.querySelector("[data-lost]");
      if (told && lost.length) { told.hidden = false; told.querySelector("span").textContent = lost.join(" / "); }
    };
    // a list under the pointer, or with the focus in it, does not move
    var held = function (part) { return part.matches(":hover") || part.contains(document.activeElement); };

    var replace = function (old, made) {
      var parent = old.parentElement, scrolled = old.querySelector(".ribbon-scroll"), left = scrolled ? scrolled.scrollLeft : 0;
      parent.replaceChild(document.importNode(made, true), old);
      var part = parent.querySelector('[data-live="' + made.dataset.live + '"]'), now = part.querySelector(".ribbon-scroll");
      part.at = made.at;
      if (now) { now.scrollLeft = left; }
    };
    var wait = function (old, made) {
      old.waiting = made;
      if (old.querySelector("[data-held]")) { return; }
      var link = document.createElement("button");
      link.type = "button"; link.className = "plain held"; link.setAttribute("data-held", "");
      link.textContent = page.dataset.more;
      link.addEventListener("click", function () { replace(old, old.waiting); });
      old.querySelector("h2").appendChild(link);
    };
    // a list never moves: its rows change in their place, what is new waits behind a link, what is over stays and says so
    var going = function () { return all("[data-going]", page).map(function (row) { return row.dataset.row; }); };
    var refresh = function (old, made) {
      var cells = old.cells ? all("th, td", old) : all("[data-cell]", old), others = made.cells ? all("th, td", made) : all("[data-cell]", made);
      cells.forEach(function (cell, n) {
        if (others[n] && cell.innerHTML !== others[n].innerHTML && !cell.contains(document.activeElement)) { cell.parentElement.replaceChild(document.importNode(others[n], true), cell); }
      });
      if (!made.hasAttribute("data-going")) { old.removeAttribute("data-going"); }
      old.classList.toggle("over", made.hasAttribute("data-over"));
    };
    var merge = function (text) {
      var made = new window.DOMParser().parseFromString(text, "text/html"), part = made.querySelector("[data-rows]");
      if (!part) { window.location.reload(); return; }
      var there = {}, known = {}, fresh = 0, moved = false, link = document.querySelector("[data-fresh]");
      all("[data-row]", part).forEach(function (row) { there[row.dataset.row] = row; });
      all("tr[data-row], li[data-row]", part).forEach(function (row) { there[row.dataset.row] = row; });
      all("[data-row]", page).forEach(function (old) {
        var row = there[old.dataset.row], state = old.querySelector("[data-state]");
        known[old.dataset.row] = true;
        if (row && row.tagName === old.tagName) {
          refresh(old, row);
          if (list === "todo" && (row.hasAttribute("data-over") || row.dataset.place !== old.dataset.place)) { moved = true; }
        } else if (list === "todo") {
          moved = true;
          old.classList.add("over");
          state.textContent = page.dataset.left;
        }
      });
      Object.keys(there).forEach(function (id) { if (!known[id] && !there[id].hasAttribute("data-over")) { fresh += 1; } });
      var summary = document.querySelector("[data-summary]"), now = part.querySelector("[data-summary]");
      if (summary && now) { summary.textContent = now.textContent; }
      var words = fresh === 1 ? page.dataset.one : fresh ? page.dataset.many.replace(/\{0?\}/, fresh + (part.hasAttribute("data-cut") ? "+" : "")) : moved ? page.dataset.order : "";
      if (words) { link.textContent = words; }
      link.classList.toggle("there", !!words);
    };
    var again = function () { if (page.dataset.here) { window.location.assign(page.dataset.here); } else { window.location.reload(); } };
    // what counts on in a part counts from when the server made it
    var goneIn = function (one) { var part = one.closest("[data-live]"); return window.performance.now() - ((part && part.at) || begun); };
    var show = function (text, asked, sent) {
      if (list) { merge(text); return; }
      var made = new window.DOMParser().parseFromString(text, "text/html");
      var parts = all("[data-live]", made), link = document.querySelector("[data-fresh]"), forms = deeds();
      if (!parts.length) { again(); return; }
      var strips = made.querySelector("[data-made]"), late = strips && sent ? Math.max(0, sent - Number(strips.dataset.made)) : 0;
      parts.forEach(function (part) { part.at = window.performance.now() - late; });
      if (forms && !asked && (atWork(forms) || busy())) {
        link.classList.toggle("there", made.querySelector("[data-deeds]").dataset.mark !== forms.dataset.mark);
        return;
      }
      if (forms) {
        link.classList.remove("there");
        carry(forms, made.querySelector("[data-deeds]"));
        page.removeAttribute("data-kept");
      }
      parts.forEach(function (part) {
        var old = page.querySelector('[data-live="' + part.dataset.live + '"]');
        if (!old) { return; }
        // calls that ring and phones always go on; lists that somebody is about to click wait
        if (/^(todo|latest)$/.test(part.dataset.live) && held(old) && old.textContent !== part.textContent) { wait(old, part); } else { replace(old, part); }
      });
    };

    // `moment`: what rings alone, which is asked for with every news; all else no more often than pages bear it
    var load = function (moment) {
      var isAsked = shows && !moment, headers = { "Desk-By-Itself": "1" }, on = going().slice(0, 10).join(",");
      asking = true; momentAt = Date.now();
      if (!moment) { wanted = shows = false; loadAt = Date.now(); }
      if (moved > told) { headers["Desk-Somebody"] = "1"; told = Date.now(); }
      var address = moment ? page.dataset.moment : page.dataset.part + (on ? "&going=" + on : "");
      window.fetch(address, { credentials: "same-origin", headers: headers, cache: "no-store" }).then(function (answer) {
        if ((answer.redirected || answer.status === 404) && !(deeds() && atWork(deeds()))) { again(); }
        if (!answer.ok || answer.redirected) { throw new Error("no part"); }
        var sent = Number(answer.headers.get("Desk-Now"));
        return answer.text().then(function (text) {
          if (busy() && !deeds()) { wanted = true; return; }
          show(text, isAsked, sent);
          if (moment) { return; }
          fresh = Date.now(); pause = LEAST_MS;
          var soon = page.querySelector("[data-again]");
          if (soon) { window.setTimeout(ask, Number(soon.dataset.again) * 1000); }
        });
      }).catch(function () { wanted = true; shows = shows || isAsked; pause = Math.min(MOST_MS, pause * 2); }).then(function () { asking = false; });
    };
    var ask = function () {
      window.clearTimeout(timer);
      if (document.hidden || (busy() && !deeds())) { wanted = true; return; }
      if (!asking && Date.now() - loadAt >= pause) { load(false); return; }
      wanted = true;
      timer = window.setTimeout(ask, asking ? MOMENT_MS : Math.max(0, loadAt + pause - Date.now()));
      if (page.dataset.moment && pause === LEAST_MS && !asking && Date.now() - momentAt >= MOMENT_MS) { load(true); }
    };

    var close = function () { if (source) { source.close(); source = null; } };
    var open = function () {
      close();
      if (document.hidden) { return; }
      heard = Date.now();
      source = new window.EventSource(address);
      var hear = function (event) {
        heard = Date.now();
        if (event.lastEventId) { address = address.replace(/after=.*$/, "after=" + event.lastEventId); }
      };
      source.addEventListener("hello", hear);
      source.addEventListener("beat", hear);
      source.addEventListener("changed", function (event) {
        hear(event);
        var wants = page.dataset.topics, told = JSON.parse(event.data).topics;
        if (wants && going().length) { wants += " calls"; }
        if (!wants || told.some(function (topic) { return (" " + wants + " ").indexOf(" " + topic + " ") >= 0; })) { ask(); }
      });
      source.addEventListener("over", function () { close(); if (!(deeds() && atWork(deeds()))) { again(); } });
    };
    var isLive = function () { return source !== null && source.readyState === 1 && Date.now() - heard < SILENT_MS; };

    // the ring that sounds now, ten times a second, from the time that the switch told
    var count = function () {
      all("[data-ringing]", page).forEach(function (row) {
        var ms = Number(row.dataset.ms) + goneIn(row), period = Number(row.dataset.period), limit = Number(row.dataset.limit);
        var ring = Math.floor(ms / period) + 1, width = Number(row.dataset.width);
        row.querySelector("[data-ring]").textContent = row.dataset.words.replace("{}", ring).replace("{0}", ring);
        row.querySelector("[data-seconds]").textContent = row.dataset.unit.replace("{}", (ms / 1000).toFixed(1)).replace("{0}", (ms / 1000).toFixed(1));
        row.querySelector("[data-run]").setAttribute("width", Math.min(width, Math.floor(ms / 10)));
        all(".burst", row).forEach(function (burst, n) { burst.setAttribute("class", n < ring ? "burst heard" : "burst"); });
        if (ms >= limit && !row.classList.contains("over")) {
          row.classList.add("over");
          row.querySelector("[data-left]").textContent = row.dataset.past;
        }
      });
    };
    var tick = function () {
      var age = Math.floor((Date.now() - fresh) / 1000);
      all("[data-since]", page).forEach(function (one) {
        var seconds = Math.floor((Number(one.dataset.since) + goneIn(one)) / 1000);
        if (seconds < 7200) { one.textContent = Math.floor(seconds / 60) + ":" + ("0" + seconds % 60).slice(-2); }
      });
      if (sign) {
        var minutes = Math.floor(age / 60), words = minutes ? sign.dataset.min : sign.dataset.off, live = isLive();
        // the stream may be there while the database is not, or while somebody types
        if (live && age < 10) { words = sign.dataset.on; } else if (live) { words = minutes ? sign.dataset.oldMin : sign.dataset.old; }
        sign.textContent = words.replace(/\{0?\}/, minutes || age);
        sign.classList.toggle("cut", !live || age >= 10);
      }
      if (isLive()) { if (!wanted) { fresh = Date.now(); } } else if (!document.hidden && Date.now() - heard >= SILENT_MS) { open(); wanted = true; }
      if (every && !document.hidden && Date.now() - loadAt >= every) { wanted = true; }
      if (wanted && !asking && (deeds() || !busy()) && Date.now() - loadAt >= pause) { ask(); }
    };
    if (deeds()) {
      document.querySelector("[data-fresh]").addEventListener("click", function (event) { event.preventDefault(); shows = true; loadAt = 0; ask(); });
    }
    ["pointermove", "keydown", "wheel", "touchstart"].forEach(function (name) {
      document.addEventListener(name, function () { moved = Date.now(); }, { passive: true });
    });
    document.addEventListener("visibilitychange", function () {
      if (document.hidden) { close(); } else { open(); ask(); }
    });
    window.setInterval(count, 100);
    window.setInterval(tick, 1000);
    all(".ribbon-scroll", page).forEach(function (one) {
      var line = one.querySelector(".nowline").getBoundingClientRect().left - one.getBoundingClientRect().left;
      one.scrollLeft = Math.max(0, line - one.clientWidth * .8);
    });
    open();
  });
})();
