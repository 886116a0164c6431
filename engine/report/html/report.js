/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
"use strict";
// Under the pointer: what a stretch of time in a plot stands for. Without this script the page says all but that.
(function () {
  var tip = document.getElementById("tip");
  function seconds(s) {
    return s < 60 ? s.toFixed(s < 10 ? 2 : 1) + " s" : s < 3600 ? (s / 60).toFixed(1) + " min" : (s / 3600).toFixed(2) + " h";
  }
  function show(event, text) {
    tip.textContent = text;
    tip.style.display = "block";
    tip.style.left = Math.max(4, Math.min(event.clientX + 12, window.innerWidth - tip.offsetWidth - 8)) + "px";
    tip.style.top = Math.max(4, event.clientY - 30) + "px";
  }
  document.querySelectorAll("svg[data-values]").forEach(function (svg) {
    var values = svg.dataset.values.split(" "), each = Number(svg.dataset.seconds);
    svg.addEventListener("mousemove", function (event) {
      var box = svg.getBoundingClientRect();
      var at = Math.floor((event.clientX - box.left) / box.width * values.length);
      if (at >= 0 && at < values.length)
        show(event, svg.dataset.name + " at " + seconds(at * each) + ": " + values[at] + svg.dataset.unit);
    });
    svg.addEventListener("mouseleave", function () { tip.style.display = "none"; });
  });
})();
