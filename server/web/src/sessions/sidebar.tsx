import { ChevronLeft, ChevronRight, LogOut, Plus } from 'lucide-preact';
import { useEffect } from 'preact/hooks';
import type { SessionBrief } from '../api/types';
import { ago, firstLine } from '../ui/format';
import { Logo } from '../ui/logo';
import { route, sessionHref } from '../ui/route';
import { apiKey, isWide, now, signOut } from '../ui/state';
import { StatusChip } from '../ui/status';
import { ThemeSwitch } from '../ui/theme_switch';
import { kPageSize, listProblem, offset, refreshList, sessions, showPage, total } from './list_state';

const kPollMs = 5000;

export function Sidebar() {
  useEffect(() => {
    void refreshList();
    const poll = setInterval(() => !document.hidden && void refreshList(), kPollMs);
    return () => clearInterval(poll);
  }, []);
  return (
    <nav class="sidebar" aria-label="Sessions">
      {isWide.value ? <TopBar /> : <h2>Sessions</h2>}
      <a class="button new" href="#/" aria-current={route.value.page === 'home' ? 'page' : undefined}>
        <Plus aria-hidden="true" />New session
      </a>
      <SessionList />
      <Pager />
      <footer><a href="docs">The API</a></footer>
    </nav>
  );
}

export function TopBar() {
  return (
    <header class="top-bar">
      <a href="#/" class="plain"><Logo /></a>
      <ThemeSwitch />
      {apiKey.value && (
        <button class="icon" aria-label="Sign out" title="Sign out" onClick={signOut}><LogOut aria-hidden="true" /></button>
      )}
    </header>
  );
}

function SessionList() {
  const list = sessions.value;
  const problem = listProblem.value;
  return (
    <>
      {problem && problem.status !== 401 && (
        <p class="problem" role="status">{problem.message}{problem.hint && <span class="muted"> {problem.hint}</span>}</p>
      )}
      {!list && !problem && <p class="muted empty">Loading…</p>}
      {list?.length === 0 && <p class="muted empty">No sessions yet. The first one is a sentence away.</p>}
      {list && list.length > 0 && <ul class="sessions">{list.map((one) => <Row key={one.session_id} session={one} />)}</ul>}
    </>
  );
}

function Row({ session }: { session: SessionBrief }) {
  const isOpen = route.value.page === 'session' && route.value.id === session.session_id;
  return (
    <li>
      <a href={sessionHref(session.session_id)} aria-current={isOpen ? 'page' : undefined}>
        <span class="name">{firstLine(session.initial_prompt)}</span>
        <span class="line">
          <StatusChip status={session.status} />
          <span class="muted">{ago(Date.parse(session.created_at), now.value)}</span>
        </span>
      </a>
    </li>
  );
}

function Pager() {
  if (total.value <= kPageSize && offset.value === 0) return null;
  const last = Math.min(offset.value + kPageSize, total.value);
  return (
    <div class="pager">
      <button class="icon" aria-label="Newer sessions" disabled={offset.value === 0} onClick={() => showPage(offset.value - kPageSize)}>
        <ChevronLeft aria-hidden="true" />
      </button>
      <span class="muted">{Math.min(offset.value + 1, last)}–{last} of {total.value}</span>
      <button class="icon" aria-label="Older sessions" disabled={last >= total.value} onClick={() => showPage(offset.value + kPageSize)}>
        <ChevronRight aria-hidden="true" />
      </button>
    </div>
  );
}
