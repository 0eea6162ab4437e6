// What scripts add to pages that work without them. ES2017, no build, nothing from others; texts come from the page.
//
//   data-focus                       takes the focus when the page opens: the summary of what is wrong
//   form[data-autosave="URL"]        is sent to URL 20 s after a change and on leaving; [data-saved] inside it says how that went:
//                                    data-saving, data-saved, data-clash, data-failed; the new ETag goes into input[name=_seen]
//   form[data-upload]                shows progress and a way to stop; data-sending, data-stop are its words
//   [data-session="SECONDS"][hidden] is shown two minutes before the session ends; [data-stay="URL"] inside it keeps it,
//                                    data-ended is what it says when it is too late
//   input[data-all="NAME"]           ticks every box of that name in its form; [data-count="… {n} …"] says how many,
//                                    button[data-needs-rows] sleeps until there is one
//   [data-rows]                      J and K walk its rows, Enter opens; "/" goes to [data-search], "?" to [data-keys-help];
//                                    input[data-keys] switches these keys off (WCAG 2.1.4)
//   a[data-look="dark|light"]        changes the look at once; without script its address does
//   input[data-filter="#TABLE"]      hides the rows of a table without these words; [data-filter-count="… {n} …"] says how many stay
//   [data-most="N"]                  a text of so many characters; [data-left="… {n} …"] beside it says how many are left
//   [data-print][hidden]             a button that prints
'use strict';
(function () {
  const all = (selector, root) => Array.from((root || document).querySelectorAll(selector));
  const one = (selector, root) => (root || document).querySelector(selector);
  const put = (node, words, n) => { if (node) node.textContent = (words || '').replace('{n}', n); };
  const typing = (node) => node.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(node.tagName);

  // The focus: to what is wrong; links of the summary lead into the field, not only to it.
  const first = one('[data-focus]');
  if (first) first.focus();
  all('[data-focus] a[href^="#"]').forEach((link) => link.addEventListener('click', (event) => {
    const place = document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (!place) return;
    event.preventDefault();
    const field = typing(place) ? place : one('input, select, textarea', place) || place;
    field.scrollIntoView({ block: 'center' });
    field.focus({ preventScroll: true });
  }));

  // Once sent, a form is not sent again by a second press.
  document.addEventListener('submit', (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== 'post') return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = 'yes';
    // Later: a disabled button would not be part of what is sent.
    setTimeout(() => all('button[type=submit], button:not([type])', form).forEach((button) => { button.disabled = true; }), 0);
  });
  window.addEventListener('pageshow', (event) => {
    if (!event.persisted) return;
    all('form[data-sent]').forEach((form) => {
      delete form.dataset.sent;
      all('button', form).forEach((button) => { button.disabled = false; });
    });
  });

  all('[data-print]').forEach((button) => {
    button.hidden = false;
    button.addEventListener('click', () => window.print());
  });

  all('a[data-look]').forEach((link) => link.addEventListener('click', (event) => {
    event.preventDefault();
    const look = link.dataset.look;
    fetch(link.href, { credentials: 'same-origin' }).then(() => {
      document.documentElement.dataset.theme = look;
      all('a[data-look]').forEach((other) => other.toggleAttribute('aria-current', other === link));
    }, () => { window.location = link.href; });
  }));

  // Boxes of a list.
  all('input[data-all]').forEach((master) => {
    const form = master.form || document;
    const boxes = () => all('input[type=checkbox]', form).filter((box) => box.name === master.dataset.all && !box.disabled && box.closest('tr, li, label').getClientRects().length);
    const tell = () => {
      const known = boxes();
      const n = known.filter((box) => box.checked).length;
      master.checked = n > 0 && n === known.length;
      master.indeterminate = n > 0 && n < known.length;
      all('[data-count]', form).forEach((node) => put(node, node.dataset.count, n));
      all('button[data-needs-rows]', form).forEach((button) => { button.disabled = n === 0; });
    };
    master.hidden = false;
    master.addEventListener('change', () => { boxes().forEach((box) => { box.checked = master.checked; }); tell(); });
    form.addEventListener('change', (event) => { if (event.target.name === master.dataset.all) tell(); });
    tell();
  });

  // Keys. They may be switched off, and do nothing in fields, with a modifier, or while an input method composes.
  const remembered = () => { try { return localStorage.getItem('keys') !== 'off'; } catch (error) { return true; } };
  let keys = remembered();
  all('input[data-keys]').forEach((box) => {
    box.checked = keys;
    box.addEventListener('change', () => {
      keys = box.checked;
      try { localStorage.setItem('keys', keys ? 'on' : 'off'); } catch (error) { /* for this page only */ }
    });
  });
  document.addEventListener('keydown', (event) => {
    if (!keys || event.isComposing || event.ctrlKey || event.altKey || event.metaKey || typing(event.target)) return;
    const go = (node) => { if (node) { event.preventDefault(); node.focus(); node.scrollIntoView({ block: 'nearest' }); } };
    if (event.key === '/') {
      go(one('[data-search]'));
    } else if (event.key === '?') {
      const help = one('[data-keys-help]');
      if (help && help.tagName === 'DETAILS') help.open = true;
      go(help && (one('summary', help) || help));
    } else if (event.key === 'j' || event.key === 'k') {
      const links = all('[data-rows] tr, [data-rows] li').filter((row) => !row.hidden).map((row) => one('a[href]', row)).filter(Boolean);
      const row = document.activeElement.closest('tr, li');
      const here = links.findIndex((link) => row && row.contains(link));
      const next = event.key === 'j' ? here + 1 : Math.max(here - 1, 0);
      go(links[Math.min(next, links.length - 1)]);
    }
  });

  // Rows that hold these words.
  all('input[data-filter]').forEach((box) => {
    const table = one(box.dataset.filter);
    if (!table) return;
    const tell = one('[data-filter-count]');
    const rows = all('tbody tr', table);
    box.addEventListener('input', (event) => {
      if (event.isComposing) return;
      const words = box.value.trim().toLowerCase();
      rows.forEach((row) => { row.hidden = words !== '' && !row.textContent.toLowerCase().includes(words); });
      if (tell) put(tell, tell.dataset.filterCount, rows.filter((row) => !row.hidden).length);
    });
  });

  // Characters as people count them, not UTF-16 units; said when one stops typing.
  all('[data-most]').forEach((field) => {
    const left = one('[data-left]', field.closest('.field') || field.parentNode);
    if (!left) return;
    let later;
    const tell = () => put(left, left.dataset.left, Number(field.dataset.most) - Array.from(field.value).length);
    field.addEventListener('input', () => { clearTimeout(later); later = setTimeout(tell, 500); });
    tell();
  });

  // Drafts.
  all('form[data-autosave]').forEach((form) => {
    const status = one('[data-saved]', form);
    let later = null;
    let busy = false;
    let stopped = false;
    const say = (what) => { if (status) put(status, status.dataset[what], new Date().toTimeString().slice(0, 5)); };
    const save = () => {
      if (later !== null) clearTimeout(later);
      later = null;
      if (busy || stopped || form.dataset.sent) return;
      busy = true;
      say('saving');
      const body = new URLSearchParams();
      new FormData(form).forEach((value, name) => { if (typeof value === 'string') body.append(name, value); });
      const headers = { 'X-Autosave': 'yes' };
      fetch(form.dataset.autosave, { method: 'POST', body: body, headers: headers, credentials: 'same-origin', keepalive: true }).then((answer) => {
        const seen = one('input[name=_seen]', form);
        const tag = answer.headers.get('ETag');
        if (answer.ok && seen && tag) seen.value = tag;
        // A colleague's change: what stands here is kept until the person sends it and sees both.
        stopped = answer.status === 412;
        say(answer.ok ? 'saved' : stopped ? 'clash' : 'failed');
      }, () => say('failed')).then(() => { busy = false; });
    };
    form.addEventListener('input', () => { if (later === null) later = setTimeout(save, 20000); });
    form.addEventListener('change', () => { if (later === null) later = setTimeout(save, 20000); });
    document.addEventListener('visibilitychange', () => { if (document.visibilityState === 'hidden' && later !== null) save(); });
    form.addEventListener('submit', () => { if (later !== null) clearTimeout(later); later = null; });
  });

  // Files: how far they are, and a way to stop.
  all('form[data-upload]').forEach((form) => form.addEventListener('submit', (event) => {
    if (event.defaultPrevented || !all('input[type=file]', form).some((field) => field.files.length)) return;
    event.preventDefault();
    const bar = document.createElement('progress');
    const words = document.createElement('p');
    const stop = document.createElement('button');
    bar.max = 100;
    bar.value = 0;
    bar.setAttribute('aria-label', form.dataset.sending || '');
    words.setAttribute('role', 'status');
    stop.type = 'button';
    stop.className = 'button quiet';
    stop.textContent = form.dataset.stop || '';
    const request = new XMLHttpRequest();
    const end = () => {
      [bar, words, stop].forEach((node) => node.remove());
      delete form.dataset.sent;
      all('button', form).forEach((button) => { button.disabled = false; });
    };
    const pressed = event.submitter;
    if (pressed && pressed.name) {
      // What the pressed button says goes along, as it would without script.
      const extra = document.createElement('input');
      extra.type = 'hidden';
      extra.name = pressed.name;
      extra.value = pressed.value;
      form.append(extra);
    }
    let told = -1;
    request.upload.addEventListener('progress', (now) => {
      if (!now.lengthComputable) return;
      bar.value = Math.round(100 * now.loaded / now.total);
      // A reader of the screen hears every quarter, not every packet.
      if (Math.floor(bar.value / 25) === told) return;
      told = Math.floor(bar.value / 25);
      put(words, (form.dataset.sending || '') + ' ' + bar.value + ' %');
    });
    request.addEventListener('load', () => {
      const moved = request.responseURL && request.responseURL !== form.action;
      // What was refused is sent again without script, so that its page says why; a key in the form makes that safe.
      if (moved) { window.location = request.responseURL; } else { form.submit(); }
    });
    request.addEventListener('error', () => { end(); form.submit(); });
    request.addEventListener('abort', end);
    stop.addEventListener('click', () => request.abort());
    all('button', form).forEach((button) => { button.disabled = true; });
    form.append(bar, words, stop);
    request.open('POST', form.action);
    request.send(new FormData(form));
  }));

  // The end of a session is told in time, and can be put off.
  const panel = one('[data-session]');
  if (panel) {
    const stay = one('[data-stay]', panel);
    const length = Number(panel.dataset.session) * 1000;
    let ends = Date.now() + length;
    let back = null;
    const hide = () => { panel.hidden = true; if (back) back.focus(); back = null; };
    setInterval(() => {
      const left = ends - Date.now();
      if (left > 120000) return;
      if (panel.hidden) {
        back = typing(document.activeElement) ? document.activeElement : null;
        panel.hidden = false;
        // Who is typing is not torn away: the panel is announced, and reached by Tab or pointer.
        if (!back && stay) stay.focus();
      }
      if (left <= 0) { put(one('p', panel), panel.dataset.ended); if (stay) stay.hidden = true; }
    }, 1000);
    if (stay) stay.addEventListener('click', () => {
      fetch(stay.dataset.stay, { credentials: 'same-origin', redirect: 'manual' }).then((answer) => {
        if (answer.ok) { ends = Date.now() + length; hide(); } else { put(one('p', panel), panel.dataset.ended); }
      }, () => put(one('p', panel), panel.dataset.ended));
    });
  }
}());
