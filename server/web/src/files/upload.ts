import { announcement, client, report } from '../ui/state';

export interface Uploading {
  name: string;
  share: number; // 0..1
}

// One after the other; what fails is reported and holds up nothing.
export async function uploadAll(
  sessionId: string, folder: string, files: readonly File[], onChange: (uploads: readonly Uploading[]) => void,
): Promise<void> {
  const uploads: Uploading[] = files.map((file) => ({ name: file.name, share: 0 }));
  for (const [index, file] of files.entries()) {
    const tell = (share: number): void => {
      uploads[index] = { name: file.name, share };
      onChange(uploads.slice(index));
    };
    tell(0);
    try {
      await client.upload(sessionId, folder ? `${folder}/${file.name}` : file.name, file, tell);
      announcement.value = `${file.name} was uploaded`;
    } catch (error) {
      report(`${file.name} was not uploaded`, error);
    }
  }
  onChange([]);
}
