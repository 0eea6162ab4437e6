// What scripts add to pages that work without them. ES2017, no build, nothing from others; texts come from the page.
//
//   data-focus                       takes the focus when the page opens: the summary of what is wrong
//   form[data-autosave="URL"]        is sent to URL 20 s after a change and on leaving; [data-saved] inside it says how that went:
//                                    data-saving, data-saved, data-clash, data-failed; the new ETag goes into input[name=_seen]
//   form[data-upload]                shows progress and a way to stop; data-sending, data-stop are its words
//   body[data-ends-in="SECONDS"]     two minutes before the session ends a panel says data-ends-text and offers data-stay-text;
//                                    when it is too late it says data-ended-text
//   input[data-all="NAME"]           ticks every box of that name in its form; [data-count="… {n} …"] says how many,
//                                    button[data-needs-rows] sleeps until there is one
//   [data-rows]                      J and K walk its rows, Enter opens; "/" goes to the search, "?" to the help;
//                                    input[data-keys] switches these keys off (WCAG 2.1.4)
//   a[data-theme-switch]             changes the look at once; without script its address does
//   input[data-filter="#TABLE"]      hides the rows of a table without these words; [data-filter-count="… {n} …"] says how many stay
//   [data-most="N"]                  a text of so many characters; [data-left="… {n} …"] beside it says how many are left
//   [data-print]                     a button that prints
//   [data-script][hidden]            is shown, because it means nothing without a script
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

  all('[data-script][hidden]').forEach((part) => { part.hidden = false; });
  all('[data-print]').forEach((button) => {
    button.addEventListener('click', () => window.print());
  });

  all('a[data-theme-switch]').forEach((link) => link.addEventListener('click', (event) => {
    event.preventDefault();
    const there = new URL(link.href);
    const look = there.searchParams.get('theme');
    fetch(there, { credentials: 'same-origin' }).then(() => {
      document.documentElement.dataset.theme = look;
      there.searchParams.set('theme', look === 'dark' ? 'light' : 'dark');
      link.href = there.href;
    }, () => { window.location = there; });
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
      go(one('#q'));
    } else if (event.key === '?') {
      window.location = '/help#keys';
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
      // Each time is a request of its own, whatever the button will send.
      body.set('_key', Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join(''));
      const headers = { 'X-Autosave': 'yes' };
      fetch(form.dataset.autosave, { method: 'POST', body: body, headers: headers, credentials: 'same-origin', keepalive: true }).then((answer) => {
        const seen = one('input[name=_seen]', form);
        const tag = answer.headers.get('ETag');
        if (answer.ok && seen && tag) seen.value = tag;
        // What was new has a place of its own once it is saved.
        const there = answer.headers.get('Content-Location');
        if (answer.ok && there) form.action = form.dataset.autosave = there;
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
    const say = () => put(words, form.dataset.sending, bar.value);
    bar.setAttribute('aria-label', (form.dataset.sending || '').replace(/\s*\{n\}\s*%?/, ''));
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
      say();
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
  const told = document.body.dataset;
  if (told.endsIn) {
    const length = Number(told.endsIn) * 1000;
    let ends = Date.now() + length;
    let panel = null;
    let back = null;
    const hide = () => { panel.remove(); panel = null; if (back) back.focus(); back = null; };
    const late = () => { put(panel.firstChild, told.endedText || told.endsText); panel.lastChild.remove(); };
    const show = () => {
      panel = document.createElement('div');
      panel.className = 'ends';
      panel.setAttribute('role', 'alertdialog');
      panel.setAttribute('aria-label', told.endsText);
      const words = document.createElement('p');
      const stay = document.createElement('button');
      words.textContent = told.endsText;
      stay.type = 'button';
      stay.className = 'main';
      stay.textContent = told.stayText;
      stay.addEventListener('click', () => {
        fetch('/account', { credentials: 'same-origin', redirect: 'manual' }).then((answer) => {
          if (answer.ok) { ends = Date.now() + length; hide(); } else { late(); }
        }, late);
      });
      panel.append(words, stay);
      document.body.append(panel);
      // Who is typing is not torn away: the panel is announced, and reached by Tab or pointer.
      if (typing(document.activeElement)) { back = document.activeElement; } else { stay.focus(); }
    };
    setInterval(() => {
      const left = ends - Date.now();
      if (left <= 120000 && !panel) show();
      if (left <= 0 && panel.childElementCount > 1) late();
    }, 1000);
  }
}());
