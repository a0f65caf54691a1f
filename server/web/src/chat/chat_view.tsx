// The conversation: stays at its end while that is in sight, and shows the last part of a long one first.
import { ArrowDown } from 'lucide-preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { hasEnded } from '../session/header';
import type { SessionModel } from '../session/model';
import { firstLine } from '../ui/format';
import { announcement } from '../ui/state';
import { Composer } from './composer';
import { ItemView, PromptView } from './items';
import { Markdown } from './markdown';
import type { Outgoing } from './outbox';
import type { Item, Transcript } from './transcript';

const kShownFirst = 150;
const kNearEndPx = 80;

export function ChatView({ model }: { model: SessionModel }) {
  const scroller = useRef<HTMLDivElement>(null);
  const [isAtEnd, setAtEnd] = useState(true);
  const [extra, setExtra] = useState(0);
  const transcript = model.transcript.value;
  const outgoing = model.outgoing.value;
  useAnnouncements(transcript);

  const toEnd = (): void => scroller.current?.scrollTo({ top: scroller.current.scrollHeight });
  useLayoutEffect(() => {
    if (isAtEnd) toEnd();
  }, [transcript, outgoing, isAtEnd]);
  const count = useRef(0);
  useLayoutEffect(() => {
    if (outgoing.length > count.current) setAtEnd(true); // one's own words are to be seen
    count.current = outgoing.length;
  }, [outgoing]);
  const onScroll = (): void => {
    const box = scroller.current;
    if (box) setAtEnd(box.scrollHeight - box.scrollTop - box.clientHeight < kNearEndPx);
  };

  const hidden = Math.max(0, transcript.items.length - kShownFirst - extra);
  return (
    <div class="chat">
      <div class="scroller" ref={scroller} onScroll={onScroll} tabIndex={0} role="log" aria-live="off" aria-label="Conversation">
        {hidden > 0 && (
          <button class="earlier" onClick={() => setExtra(extra + kShownFirst)}>Show earlier ({hidden} more)</button>
        )}
        {!model.caughtUp.value && <p class="muted empty">Loading the conversation…</p>}
        {transcript.items.slice(hidden).map((item) => (
          <ItemView key={item.key} item={item} model={model} busy={transcript.busy} />
        ))}
        <Writing transcript={transcript} sessionId={model.id} />
        <Waiting model={model} transcript={transcript} outgoing={outgoing} />
      </div>
      {!isAtEnd && (
        <button class="to-end" onClick={() => { setAtEnd(true); toEnd(); }}><ArrowDown aria-hidden="true" />Latest</button>
      )}
      {hasEnded(model) ? <p class="muted ended">This session has ended.</p> : <Composer model={model} />}
    </div>
  );
}

function Writing({ transcript, sessionId }: { transcript: Transcript; sessionId: string }) {
  const { draft, busy, stopping, status } = transcript;
  if (draft && !draft.hole && draft.text) {
    return <div class="item answer streaming"><Markdown source={draft.text} sessionId={sessionId} /></div>;
  }
  const last = transcript.items.at(-1);
  if (!busy || (last?.kind === 'tool' && !last.result)) return null;
  const words = stopping ? 'Stopping…' : status === 'initializing' ? 'Starting the agent’s computer…' : draft ? 'Writing…' : 'Thinking…';
  return <p class="item pulse muted">{words}</p>;
}

// Prompts whose turn is still to come, and those that the server has not got yet.
function Waiting({ model, transcript, outgoing }: { model: SessionModel; transcript: Transcript; outgoing: readonly Outgoing[] }) {
  const known = new Set([...transcript.items, ...transcript.queued].map((item: Item) => (item.kind === 'prompt' ? item.clientId : '')));
  const unsent = outgoing.filter((prompt) => !known.has(prompt.id));
  return (
    <>
      {transcript.queued.map((prompt) => (
        <PromptView key={prompt.key} text={prompt.text} state="queued: runs when the turn before it has ended" />
      ))}
      {unsent.map((prompt) => (
        <PromptView
          key={prompt.id} text={prompt.content} state={prompt.failure ? undefined : 'sending…'} failure={prompt.failure}
          onRetry={() => model.resend(prompt.id)} onDiscard={() => model.discard(prompt.id)}
        />
      ))}
    </>
  );
}

// Only what is new since the chat was opened is read out.
function useAnnouncements(transcript: Transcript): void {
  const told = useRef<string | null>(null);
  useEffect(() => {
    const last = transcript.items.findLast((item) => item.kind === 'answer' || item.kind === 'turn' || item.kind === 'note');
    if (!last || last.key === told.current) return;
    const isFirst = told.current === null;
    told.current = last.key;
    if (isFirst && !transcript.busy) return;
    if (last.kind === 'answer') announcement.value = `Agent: ${firstLine(last.text).slice(0, 200)}`;
    if (last.kind === 'note') announcement.value = last.text;
    if (last.kind === 'turn') announcement.value = `Turn ${last.outcome}`;
  }, [transcript]);
}
