// What the whole page shares: who is signed in, what went wrong, the colours.
import { computed, signal } from '@preact/signals';
import { Client } from '../api/client';
import { toApiError } from '../api/errors';

export interface Notice {
  id: number;
  text: string;
  hint?: string;
}

const kKeyName = 'ottobot.key';
const kThemeName = 'ottobot.theme';

export const apiKey = signal(sessionStorage.getItem(kKeyName));
// 'wanted': the server asks for a key; 'wrong': it does not know the one that it got.
export const signIn = signal<'no' | 'wanted' | 'wrong'>('no');

function forgetKey(): void {
  sessionStorage.removeItem(kKeyName);
  apiKey.value = null;
}

export const client = new Client(new URL('.', document.baseURI), {
  key: () => apiKey.value,
  refused: (hadKey) => {
    forgetKey();
    signIn.value = hadKey ? 'wrong' : 'wanted';
  },
});

export function signInWith(key: string): void {
  sessionStorage.setItem(kKeyName, key);
  client.forgetTickets();
  apiKey.value = key;
  signIn.value = 'no';
}

export function signOut(): void {
  forgetKey();
  client.forgetTickets();
  signIn.value = 'wanted';
}

export const notices = signal<readonly Notice[]>([]);
let lastNotice = 0;

export function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}

// An error that has no better place. One that was told already is not told twice.
export function report(what: string, error: unknown): void {
  const { lines, hint, status } = toApiError(error);
  if (status === 401) return; // the sign-in form says so
  const text = `${what}: ${lines.join('. ')}`;
  if (notices.value.some((notice) => notice.text === text)) return;
  notices.value = [...notices.value, { id: ++lastNotice, text, ...(hint ? { hint } : {}) }];
}

export type Theme = 'auto' | 'light' | 'dark';
const stored = localStorage.getItem(kThemeName);
export const theme = signal<Theme>(stored === 'light' || stored === 'dark' ? stored : 'auto');

export function setTheme(chosen: Theme): void {
  theme.value = chosen;
  localStorage.setItem(kThemeName, chosen);
}

export const online = signal(navigator.onLine);
addEventListener('online', () => (online.value = true));
addEventListener('offline', () => (online.value = false));

// For times that are told as a distance from now.
export const now = signal(Date.now());
setInterval(() => (now.value = Date.now()), 10_000);

// What a screen reader is told, beside what it finds by itself.
export const announcement = signal('');

const wide = matchMedia('(min-width: 64rem)');
const isWideNow = signal(wide.matches);
wide.addEventListener('change', () => (isWideNow.value = wide.matches));
export const isWide = computed(() => isWideNow.value);
