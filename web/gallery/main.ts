/** `?state=NAME&language=de|en&room=dark|light` shows one state; without a state, the list of all. */
const asked = new URLSearchParams(location.search);
const target = document.getElementById('app');

// The choices are read when the page's modules load, so they are set before.
localStorage.clear();
localStorage.setItem('auftakt.language', asked.get('language') ?? 'de');
localStorage.setItem('auftakt.room', asked.get('room') ?? 'dark');

if (target) {
  const { show } = await import('./show');
  show(target, asked.get('state'));
}

export {};
