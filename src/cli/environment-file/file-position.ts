import { type Document, isMap, isNode, isScalar, type LineCounter } from 'yaml';
import { CommandError } from '../command.ts';

/** Names of members and places in lists, from the outermost in. */
export type FilePath = readonly (string | number)[];

/** A file that was read, and where in it each value stands. */
export interface FilePositions {
  /** As the user named it. */
  readonly file: string;
  /** `FILE:LINE:COLUMN` of a value, of what it is in where it is not there; a key's own, where that is meant. */
  of(path: FilePath, key?: string): string;
}

export function filePositions(file: string, document: Document, lines: LineCounter): FilePositions {
  const told = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${Math.max(1, line)}:${Math.max(1, col)}`;
  };
  return {
    file,
    of(path, key) {
      for (let depth = path.length; depth >= 0; depth -= 1) {
        const node = depth === 0 ? document.contents : document.getIn(path.slice(0, depth), true);
        if (!isNode(node) || !node.range) continue;
        if (key !== undefined && depth === path.length && isMap(node)) {
          const pair = node.items.find((item) => isScalar(item.key) && item.key.value === key);
          if (isScalar(pair?.key) && pair.key.range) return told(pair.key.range[0]);
        }
        return told(node.range[0]);
      }
      return `${file}:1:1`;
    },
  };
}

/** Everything that is wrong with files, a line each, as compilers tell it. */
export class FileErrors extends CommandError {
  static readonly most = 20;

  readonly lines: readonly string[];

  constructor(lines: readonly string[]) {
    const more = lines.length > FileErrors.most ? [`and ${lines.length - FileErrors.most} more`] : [];
    super([...lines.slice(0, FileErrors.most), ...more].join('\n'));
    this.lines = lines;
  }
}
