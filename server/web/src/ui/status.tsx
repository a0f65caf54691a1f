import type { SessionStatus } from '../api/types';

const kWords: Record<SessionStatus, string> = {
  initializing: 'starting', ready: 'ready', running: 'working', terminating: 'ending', terminated: 'ended', error: 'error',
};

export function StatusChip({ status, word }: { status: SessionStatus; word?: string | undefined }) {
  return <span class={`chip status-${status}`}>{word ?? kWords[status]}</span>;
}
