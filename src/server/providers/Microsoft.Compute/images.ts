/** What a marketplace image is known by, and what a machine made of it shows. */
export interface Image {
  readonly publisher: string;
  readonly offer: string;
  readonly sku: string;
  /** The one version that is listed: nothing is started, so nothing is newer. */
  readonly version: string;
  readonly operatingSystem: 'Linux' | 'Windows';
  readonly hyperVGeneration: 'V1' | 'V2';
}

/** The images that `az` knows by a short name, and the one of its recordings. */
export const images: readonly Image[] = [
  linux('Canonical', '0001-com-ubuntu-server-jammy', '22_04-lts-gen2', '22.04.202411010'),
  linux('Canonical', 'ubuntu-24_04-lts', 'server', '24.04.202411010'),
  linux('Canonical', 'ubuntu-24_04-lts', 'ubuntu-pro', '24.04.202411010'),
  { ...linux('Debian', 'debian-10', '10', '0.20240430.1733'), hyperVGeneration: 'V1' },
  linux('Debian', 'debian-11', '11-backports-gen2', '0.20241004.1890'),
  linux('Debian', 'debian-12', '12-gen2', '0.20241004.1890'),
  linux('OpenLogic', 'CentOS', '8_5-gen2', '8.5.2022101401'),
  linux('RedHat', 'rhel-raw', '8_raw-gen2', '8.10.2024101010'),
  linux('RedHat', 'RHEL', '9-lvm-gen2', '9.4.2024101010'),
  linux('SUSE', 'openSUSE-leap-15-4', 'gen2', '2023.09.07'),
  linux('SUSE', 'sles-15-sp5', 'gen2', '2024.10.25'),
  linux('kinvolk', 'flatcar-container-linux-free', 'stable-gen2', '3975.2.2'),
  windows('2012-datacenter-gensecond', '9200.24953.240607'),
  windows('2012-r2-datacenter-gensecond', '9600.22023.240607'),
  windows('2016-datacenter-gensecond', '14393.7428.241004'),
  windows('2019-datacenter-gensecond', '17763.6414.241004'),
  windows('2022-datacenter-azure-edition', '20348.2762.241009'),
  windows('2022-datacenter-azure-edition-core', '20348.2762.241009'),
  windows('2022-datacenter-g2', '20348.2762.241009'),
  windows('2025-datacenter-azure-edition', '26100.2033.241004'),
];

function linux(publisher: string, offer: string, sku: string, version: string): Image {
  return { publisher, offer, sku, version, operatingSystem: 'Linux', hyperVGeneration: 'V2' };
}

function windows(sku: string, version: string): Image {
  const [publisher, offer] = ['MicrosoftWindowsServer', 'WindowsServer'];
  return { publisher, offer, sku, version, operatingSystem: 'Windows', hyperVGeneration: 'V2' };
}

/** Part of an image's name; what is not given may be anything. Texts compare without case. */
export type ImageName = Partial<Pick<Image, 'publisher' | 'offer' | 'sku' | 'version'>>;

export function imagesNamed(name: ImageName): readonly Image[] {
  const wanted = Object.entries(name) as [keyof ImageName, string][];
  return images.filter((image) =>
    wanted.every(([part, value]) => image[part].toLowerCase() === value.toLowerCase()),
  );
}
