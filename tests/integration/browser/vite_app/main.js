// A hot update replaces the words and keeps the count; a reload of the page would begin it again.
import { words } from './words.js';

const count = document.getElementById('count');

function show(text) {
  document.getElementById('words').textContent = text;
  count.textContent = Number(count.textContent) + 1;
}

show(words);
if (import.meta.hot) import.meta.hot.accept('./words.js', fresh => show(fresh.words));
