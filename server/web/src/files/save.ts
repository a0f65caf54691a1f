// Files to the user's disk. A link carries the right to it, so the browser can stream what is large.
import { client, report } from '../ui/state';

function follow(url: string, name: string): void {
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.rel = 'noopener';
  document.body.append(link);
  link.click();
  link.remove();
}

// The folder is looked at first: what stands in the way is said here in words, which a failed download would not.
export async function saveProject(id: string): Promise<void> {
  try {
    await client.files(id, '');
    follow(await client.downloadUrl(id), 'project.zip');
  } catch (error) {
    report('There is no download', error);
  }
}

export async function saveFile(id: string, path: string): Promise<void> {
  try {
    await client.files(id, path.split('/').slice(0, -1).join('/'));
    follow(await client.downloadUrl(id, path), path.split('/').at(-1) ?? path);
  } catch (error) {
    report(`${path} was not downloaded`, error);
  }
}
