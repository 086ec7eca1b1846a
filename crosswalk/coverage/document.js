
(function () {
  "use strict";
  var form = document.getElementById("filter");
  var shown = document.getElementById("shown");
  var rows = Array.from(document.querySelectorAll("[data-for]"));
  var items = Array.from(document.querySelectorAll("article[data-section]"));
  var groups = Array.from(document.querySelectorAll("[data-group]"));
  var texts = items.map(function (item) { return item.textContent.toLowerCase().replace(/\s+/g, " "); });
  var whole = items.length;

  function wanted(item, text) {
    var d = item.dataset;
    var words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    var section = form.elements.section.value, level = form.elements.level.value;
    var duty = form.elements.duty.value, designation = form.elements.designation.value;
    var levels = d.levels.split(" ");
    return words.every(function (word) { return text.includes(word); }) &&
      (!section || d.section === section) &&
      (!level || (level.startsWith("not-") ? !levels.includes(level.slice(4)) : levels.includes(level))) &&
      (!duty || d.duty === duty) &&
      (!designation || d.designation === designation);
  }

  function apply() {
    var visible = new Set();
    items.forEach(function (item, i) {
      var yes = wanted(item, texts[i]);
      item.hidden = !yes;
      if (yes) { visible.add(item.id); }
    });
    rows.forEach(function (row) { row.hidden = !visible.has(row.dataset.for); });
    groups.forEach(function (group) {
      group.hidden = !group.querySelector("[data-for]:not([hidden]), article:not([hidden])");
    });
    shown.textContent = visible.size === whole ? "All " + whole + " provisions are shown." :
      "Filtered: " + visible.size + " of " + whole + " provisions are shown.";
  }

  function reset() {
    form.reset();
    apply();
  }

  function reveal() {
    var target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.closest("[hidden]")) {
      reset();
      target.scrollIntoView();
    }
  }

  form.addEventListener("input", apply);
  form.addEventListener("submit", function (event) { event.preventDefault(); });
  form.addEventListener("reset", function () { setTimeout(apply); });
  form.addEventListener("keydown", function (event) {
    if (event.key === "Escape") {
      reset();
      form.elements.text.focus();
    }
  });
  addEventListener("hashchange", reveal);
  form.hidden = false;
  apply();
})();
