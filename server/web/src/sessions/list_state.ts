// The list of sessions beside everything else. It is asked for again now and then, and whenever the page has changed
// something in it.
import { signal } from '@preact/signals';
import { ApiError, toApiError } from '../api/errors';
import type { SessionBrief } from '../api/types';
import { client } from '../ui/state';

export const kPageSize = 20;

export const sessions = signal<readonly SessionBrief[] | null>(null);
export const total = signal(0);
export const offset = signal(0);
export const listProblem = signal<ApiError | null>(null);

let asked = 0;

export async function refreshList(): Promise<void> {
  const mine = ++asked;
  try {
    const page = await client.list(kPageSize, offset.value);
    if (mine !== asked) return; // a later question has its own answer
    sessions.value = page.sessions;
    total.value = page.total;
    listProblem.value = null;
  } catch (error) {
    if (mine === asked) listProblem.value = toApiError(error);
  }
}

export function showPage(newOffset: number): void {
  offset.value = Math.max(0, newOffset);
  void refreshList();
}
