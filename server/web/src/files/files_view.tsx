// The workspace's files: look, take, and put some there.
import { Download, File, Folder, FolderDown, Link2, RefreshCw, Upload } from 'lucide-preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { toApiError, type ApiError } from '../api/errors';
import type { FileEntry } from '../api/types';
import { hasEnded } from '../session/header';
import type { SessionModel } from '../session/model';
import { ago, bytes } from '../ui/format';
import { client, now, report } from '../ui/state';
import { saveFile, saveProject } from './save';
import { uploadAll, type Uploading } from './upload';

const join = (folder: string, name: string): string => (folder ? `${folder}/${name}` : name);
const inOrder = (a: FileEntry, b: FileEntry): number =>
  Number(b.type === 'directory') - Number(a.type === 'directory') || a.name.localeCompare(b.name);

function useListing(model: SessionModel, folder: string) {
  const [entries, setEntries] = useState<FileEntry[] | null>(null);
  const [problem, setProblem] = useState<ApiError | null>(null);
  const asked = useRef(0);
  const load = async (): Promise<void> => {
    const mine = ++asked.current;
    try {
      const listing = await client.files(model.id, folder);
      if (mine !== asked.current) return;
      setEntries(listing.entries.sort(inOrder));
      setProblem(null);
    } catch (error) {
      if (mine === asked.current) setProblem(toApiError(error));
    }
  };
  const version = model.transcript.value.filesVersion;
  const status = model.details.value?.status;
  useEffect(() => void load(), [folder, version, status]);
  return { entries, problem, load };
}

export function FilesView({ model }: { model: SessionModel }) {
  const [folder, setFolder] = useState('');
  const [uploads, setUploads] = useState<readonly Uploading[]>([]);
  const [isOver, setOver] = useState(false);
  const { entries, problem, load } = useListing(model, folder);
  const mayUpload = !hasEnded(model);
  const put = async (files: readonly File[]): Promise<void> => {
    await uploadAll(model.id, folder, files, setUploads);
    await load();
  };
  const onDrop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    if (!mayUpload) return report('Nothing was uploaded', new Error('the session has ended'));
    const items = [...(event.dataTransfer?.items ?? [])];
    if (items.some((item) => item.webkitGetAsEntry()?.isDirectory)) {
      return report('Nothing was uploaded', new Error('a folder cannot be dropped here: drop its files, or a zip of it'));
    }
    void put([...(event.dataTransfer?.files ?? [])]);
  };
  return (
    <div
      class={isOver ? 'file-browser over' : 'file-browser'} onDrop={onDrop} onDragLeave={() => setOver(false)}
      onDragOver={(event) => { event.preventDefault(); setOver(true); }}
    >
      <Toolbar folder={folder} open={setFolder} reload={() => void load()} put={mayUpload ? put : null} sessionId={model.id} />
      {uploads.map((one) => (
        <p class="uploading" key={one.name}>
          <label>{one.name}<progress max={1} value={one.share} /></label>
        </p>
      ))}
      {problem && <div class={problem.status === 404 ? 'empty' : 'problem'} role="status"><p>{problem.message}</p>{problem.hint && <p class="muted">{problem.hint}</p>}</div>}
      {!entries && !problem && <p class="muted empty">Loading…</p>}
      {entries?.length === 0 && <p class="muted empty">Nothing here yet{mayUpload && '. Drop files to upload them'}.</p>}
      {entries && entries.length > 0 && <Listing entries={entries} folder={folder} open={setFolder} sessionId={model.id} />}
    </div>
  );
}

interface ToolbarProps {
  folder: string;
  open(folder: string): void;
  reload(): void;
  put: ((files: readonly File[]) => Promise<void>) | null;
  sessionId: string;
}

function Toolbar({ folder, open, reload, put, sessionId }: ToolbarProps) {
  const picker = useRef<HTMLInputElement>(null);
  const parts = folder ? folder.split('/') : [];
  const pick = (): void => {
    const chosen = [...(picker.current?.files ?? [])];
    if (picker.current) picker.current.value = '';
    if (chosen.length > 0) void put?.(chosen);
  };
  return (
    <div class="bar">
      <nav aria-label="Folder" class="crumbs">
        <button class="link" onClick={() => open('')}>workspace</button>
        {parts.map((part, index) => (
          <span key={index}> / <button class="link" onClick={() => open(parts.slice(0, index + 1).join('/'))}>{part}</button></span>
        ))}
      </nav>
      <button class="icon" aria-label="Load again" title="Load again" onClick={reload}><RefreshCw aria-hidden="true" /></button>
      {put && (
        <>
          <input ref={picker} type="file" multiple class="hidden" id="upload" tabIndex={-1} aria-label="Files to upload" onChange={pick} />
          <button onClick={() => picker.current?.click()}><Upload aria-hidden="true" />Upload</button>
        </>
      )}
      <button onClick={() => void saveProject(sessionId)}><FolderDown aria-hidden="true" />All as zip</button>
    </div>
  );
}

interface ListingProps {
  entries: FileEntry[];
  folder: string;
  open(folder: string): void;
  sessionId: string;
}

const kIcons = { file: File, directory: Folder, symlink: Link2 };

function Listing({ entries, folder, open, sessionId }: ListingProps) {
  return (
    <ul class="listing">
      {entries.map((entry) => {
        const Icon = kIcons[entry.type];
        const path = join(folder, entry.name);
        const isFolder = entry.type === 'directory';
        return (
          <li key={entry.name}>
            <button onClick={() => (isFolder ? open(path) : void saveFile(sessionId, path))} title={isFolder ? 'Open' : 'Download'}>
              <Icon class={entry.type} aria-hidden="true" />
              <span class="name">{entry.name}</span>
              <span class="muted">{isFolder ? '' : bytes(entry.size_bytes)}</span>
              <span class="muted when">{ago(Date.parse(entry.modified_at), now.value)}</span>
              {isFolder ? <span /> : <Download class="act" aria-hidden="true" />}
            </button>
          </li>
        );
      })}
    </ul>
  );
}
