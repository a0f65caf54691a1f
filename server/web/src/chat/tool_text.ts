// How a tool call is told in one line, and what of its arguments is worth reading as text.
import { diffLines } from 'diff';
import { text } from './frames';
import type { ToolItem } from './transcript';

export interface DiffLine {
  sign: '+' | '-' | ' ' | '@';
  text: string;
}

const kVerbs: Record<string, [doing: string, argument: string]> = {
  read_file: ['Read', 'path'],
  write_file: ['Write', 'path'],
  edit_file: ['Edit', 'path'],
  apply_patch: ['Apply patch', ''],
  list_files: ['List', 'path'],
  create_directory: ['Make folder', 'path'],
  delete_file: ['Delete', 'path'],
  find_files: ['Find', 'glob'],
  search_files: ['Search', 'pattern'],
  execute_command: ['Run', 'command'],
  execute_command_async: ['Start', 'command'],
  read_process: ['Read process', 'process_id'],
  write_process: ['Write to process', 'process_id'],
  kill_process: ['Kill process', 'pid'],
  list_processes: ['List processes', ''],
  open_vscode: ['Open in editor', 'path'],
  gui_click: ['Click', ''],
  gui_type: ['Type', 'text'],
  gui_key: ['Press', 'key'],
  gui_screenshot: ['Look at the desktop', ''],
};

const shown = (value: unknown): string => (typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value));

export function toolTitle(tool: Pick<ToolItem, 'name' | 'args'>): { verb: string; object: string } {
  const [verb, argument] = kVerbs[tool.name] ?? [tool.name.replaceAll('_', ' '), ''];
  if (tool.name === 'gui_click') return { verb, object: `${shown(tool.args['x'])}, ${shown(tool.args['y'])}` };
  const value = argument ? tool.args[argument] : undefined;
  if (value !== undefined) return { verb, object: shown(value) };
  if (kVerbs[tool.name]) return { verb, object: '' };
  return { verb, object: Object.values(tool.args).map(shown).join(' ').slice(0, 200) };
}

export type ToolState = 'running' | 'ok' | 'failed' | 'unknown' | 'not_run';

// A command that ended with another code than 0 is a result, not an error; it is worth a look all the same.
export function toolState(tool: ToolItem, busy: boolean): { state: ToolState; label: string } {
  if (!tool.result) return busy ? { state: 'running', label: 'running' } : { state: 'unknown', label: 'no result' };
  const { outcome, exitCode } = tool.result;
  if (outcome === 'unknown') return { state: 'unknown', label: 'outcome unknown' };
  if (outcome === 'not_run') return { state: 'not_run', label: 'not run' };
  if (outcome !== 'ok') return { state: 'failed', label: 'failed' };
  if (exitCode !== undefined && exitCode !== 0) return { state: 'failed', label: `exit ${exitCode}` };
  return { state: 'ok', label: 'done' };
}

export const linesOf = (patch: string): DiffLine[] => patch.replace(/\n$/, '').split('\n').map(patchLine);

// An edit that was made says itself what it has changed, and where.
export const answersWithDiff = (tool: ToolItem): boolean => tool.name === 'edit_file' && tool.result?.outcome === 'ok';

export function diffOf(tool: ToolItem): DiffLine[] | null {
  if (tool.name === 'apply_patch') return linesOf(text(tool.args['patch']));
  if (tool.name !== 'edit_file' || answersWithDiff(tool)) return null;
  return diffLines(text(tool.args['old_text']), text(tool.args['new_text'])).flatMap((change) =>
    change.value.replace(/\n$/, '').split('\n').map((line): DiffLine => ({
      sign: change.added ? '+' : change.removed ? '-' : ' ', text: line,
    })),
  );
}

function patchLine(line: string): DiffLine {
  if (/^(@@|\*\*\*|---|\+\+\+|diff |index )/.test(line)) return { sign: '@', text: line };
  const sign = line[0];
  return sign === '+' || sign === '-' ? { sign, text: line.slice(1) } : { sign: ' ', text: line.replace(/^ /, '') };
}

// The arguments that the title does not say, as text.
export function argumentBlocks(tool: Pick<ToolItem, 'name' | 'args'>): { name: string; text: string }[] {
  const told = kVerbs[tool.name]?.[1];
  const inDiff = tool.name === 'edit_file' ? ['old_text', 'new_text'] : tool.name === 'apply_patch' ? ['patch'] : [];
  return Object.entries(tool.args)
    .filter(([name, value]) => !inDiff.includes(name) && !(name === told && !shown(value).includes('\n') && shown(value).length < 80))
    .map(([name, value]) => ({ name, text: typeof value === 'string' ? value : JSON.stringify(value, null, 2) }));
}
