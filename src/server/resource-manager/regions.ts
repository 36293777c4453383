/** Azure's regions: names and places are facts. */
export interface Region {
  readonly name: string;
  readonly displayName: string;
  /** The group of geographies, `US`; empty for a logical region. */
  readonly geographyGroup: string;
  readonly physical: boolean;
  /** Where it is; `undefined` for a logical region. */
  readonly place: RegionPlace | undefined;
}

export interface RegionPlace {
  /** `Recommended` or `Other` */
  readonly category: string;
  readonly geography: string;
  readonly physicalLocation: string;
  /** Degrees, as Azure writes them. */
  readonly latitude: string;
  readonly longitude: string;
  /** Names of the regions that it is paired with. */
  readonly paired: readonly string[];
  /** How many availability zones it has. */
  readonly zones: number;
}

/** `name|display name`, and of a physical region `geography group|category|geography|place|latitude|longitude|pairs|zones`. */
const table: readonly string[] = [
  'asia|Asia',
  'asiapacific|Asia Pacific',
  'australia|Australia',
  'australiacentral|Australia Central|Asia Pacific|Other|Australia|Canberra|-35.3075|149.1244|australiacentral2|0',
  'australiacentral2|Australia Central 2|Asia Pacific|Other|Australia|Canberra|-35.3075|149.1244|australiacentral|0',
  'australiaeast|Australia East|Asia Pacific|Recommended|Australia|New South Wales|-33.86|151.2094|australiasoutheast|3',
  'australiasoutheast|Australia Southeast|Asia Pacific|Other|Australia|Victoria|-37.8136|144.9631|australiaeast|0',
  'brazil|Brazil',
  'brazilsouth|Brazil South|South America|Recommended|Brazil|Sao Paulo State|-23.55|-46.633|southcentralus|3',
  'brazilsoutheast|Brazil Southeast|South America|Other|Brazil|Rio|-22.90278|-43.2075|brazilsouth|0',
  'brazilus|Brazil US|South America|Other|Brazil||0|0|brazilsoutheast|0',
  'canada|Canada',
  'canadacentral|Canada Central|Canada|Recommended|Canada|Toronto|43.653|-79.383|canadaeast|3',
  'canadaeast|Canada East|Canada|Other|Canada|Quebec|46.817|-71.217|canadacentral|0',
  'centralindia|Central India|Asia Pacific|Recommended|India|Pune|18.5822|73.9197|southindia|3',
  'centralus|Central US|US|Recommended|United States|Iowa|41.5908|-93.6208|eastus2|3',
  'centraluseuap|Central US EUAP|US|Other|Canary (US)||41.5908|-93.6208|eastus2euap|2',
  'centralusstage|Central US (Stage)',
  'eastasia|East Asia|Asia Pacific|Recommended|Asia Pacific|Hong Kong|22.267|114.188|southeastasia|3',
  'eastasiastage|East Asia (Stage)',
  'eastus|East US|US|Recommended|United States|Virginia|37.3719|-79.8164|westus|3',
  'eastus2|East US 2|US|Other|United States|Virginia|36.6681|-78.3889|centralus|3',
  'eastus2euap|East US 2 EUAP|US|Other|Canary (US)||36.6681|-78.3889|centraluseuap|3',
  'eastus2stage|East US 2 (Stage)',
  'eastusstage|East US (Stage)',
  'eastusstg|East US STG|US|Other|Stage (US)|Virginia|37.3719|-79.8164|southcentralusstg|0',
  'europe|Europe',
  'france|France',
  'francecentral|France Central|Europe|Recommended|France|Paris|46.3772|2.373|francesouth|3',
  'francesouth|France South|Europe|Other|France|Marseille|43.8345|2.1972|francecentral|0',
  'germany|Germany',
  'germanynorth|Germany North|Europe|Other|Germany|Berlin|53.073635|8.806422|germanywestcentral|0',
  'germanywestcentral|Germany West Central|Europe|Recommended|Germany|Frankfurt|50.110924|8.682127|germanynorth|3',
  'global|Global',
  'india|India',
  'israel|Israel',
  'israelcentral|Israel Central|Middle East|Recommended|Israel|Israel|31.2655698|33.4506633||3',
  'italy|Italy',
  'italynorth|Italy North|Europe|Recommended|Italy|Milan|45.46888|9.18109||3',
  'japan|Japan',
  'japaneast|Japan East|Asia Pacific|Recommended|Japan|Tokyo, Saitama|35.68|139.77|japanwest|3',
  'japanwest|Japan West|Asia Pacific|Other|Japan|Osaka|34.6939|135.5022|japaneast|0',
  'jioindiacentral|Jio India Central|Asia Pacific|Other|India|Nagpur|21.146633|79.08886|jioindiawest|0',
  'jioindiawest|Jio India West|Asia Pacific|Other|India|Jamnagar|22.470701|70.05773|jioindiacentral|0',
  'korea|Korea',
  'koreacentral|Korea Central|Asia Pacific|Recommended|Korea|Seoul|37.5665|126.978|koreasouth|3',
  'koreasouth|Korea South|Asia Pacific|Other|Korea|Busan|35.1796|129.0756|koreacentral|0',
  'mexicocentral|Mexico Central|Mexico|Recommended|Mexico|Querétaro State|20.588818|-100.389888||3',
  'newzealand|New Zealand',
  'northcentralus|North Central US|US|Other|United States|Illinois|41.8819|-87.6278|southcentralus|0',
  'northcentralusstage|North Central US (Stage)',
  'northeurope|North Europe|Europe|Recommended|Europe|Ireland|53.3478|-6.2597|westeurope|3',
  'norway|Norway',
  'norwayeast|Norway East|Europe|Recommended|Norway|Norway|59.913868|10.752245|norwaywest|3',
  'norwaywest|Norway West|Europe|Other|Norway|Norway|58.969975|5.733107|norwayeast|0',
  'poland|Poland',
  'polandcentral|Poland Central|Europe|Recommended|Poland|Warsaw|52.23334|21.01666||3',
  'qatar|Qatar',
  'qatarcentral|Qatar Central|Middle East|Recommended|Qatar|Doha|25.551462|51.439327||3',
  'singapore|Singapore',
  'southafrica|South Africa',
  'southafricanorth|South Africa North|Africa|Recommended|South Africa|Johannesburg|-25.73134|28.21837|southafricawest|3',
  'southafricawest|South Africa West|Africa|Other|South Africa|Cape Town|-34.075691|18.843266|southafricanorth|0',
  'southcentralus|South Central US|US|Recommended|United States|Texas|29.4167|-98.5|northcentralus|3',
  'southcentralusstage|South Central US (Stage)',
  'southcentralusstg|South Central US STG|US|Other|Stage (US)|Texas|29.4167|-98.5|eastusstg|0',
  'southeastasia|Southeast Asia|Asia Pacific|Recommended|Asia Pacific|Singapore|1.283|103.833|eastasia|3',
  'southeastasiastage|Southeast Asia (Stage)',
  'southindia|South India|Asia Pacific|Other|India|Chennai|12.9822|80.1636|centralindia|0',
  'spaincentral|Spain Central|Europe|Recommended|Spain|Madrid|40.4259|3.4209||3',
  'sweden|Sweden',
  'swedencentral|Sweden Central|Europe|Recommended|Sweden|Gävle|60.67488|17.14127|swedensouth|3',
  'switzerland|Switzerland',
  'switzerlandnorth|Switzerland North|Europe|Recommended|Switzerland|Zurich|47.451542|8.564572|switzerlandwest|3',
  'switzerlandwest|Switzerland West|Europe|Other|Switzerland|Geneva|46.204391|6.143158|switzerlandnorth|0',
  'uae|United Arab Emirates',
  'uaecentral|UAE Central|Middle East|Other|UAE|Abu Dhabi|24.466667|54.366669|uaenorth|0',
  'uaenorth|UAE North|Middle East|Recommended|UAE|Dubai|25.266666|55.316666|uaecentral|3',
  'uk|United Kingdom',
  'uksouth|UK South|Europe|Recommended|United Kingdom|London|50.941|-0.799|ukwest|3',
  'ukwest|UK West|Europe|Other|United Kingdom|Cardiff|53.427|-3.084|uksouth|0',
  'unitedstates|United States',
  'unitedstateseuap|United States EUAP',
  'westcentralus|West Central US|US|Other|United States|Wyoming|40.89|-110.234|westus2|0',
  'westeurope|West Europe|Europe|Recommended|Europe|Netherlands|52.3667|4.9|northeurope|3',
  'westindia|West India|Asia Pacific|Other|India|Mumbai|19.088|72.868|southindia|0',
  'westus|West US|US|Other|United States|California|37.783|-122.417|eastus|0',
  'westus2|West US 2|US|Recommended|United States|Washington|47.233|-119.852|westcentralus|3',
  'westus2stage|West US 2 (Stage)',
  'westus3|West US 3|US|Recommended|United States|Phoenix|33.448376|-112.074036|eastus|3',
  'westusstage|West US (Stage)',
];

export const regions: readonly Region[] = table.map(read);

function read(row: string): Region {
  const [name = '', displayName = '', geographyGroup, category = '', geography = '', ...facts] =
    row.split('|');
  if (geographyGroup === undefined) {
    return { name, displayName, geographyGroup: '', physical: false, place: undefined };
  }
  const [physicalLocation = '', latitude = '', longitude = '', pairs = '', zones = '0'] = facts;
  const paired = pairs === '' ? [] : pairs.split(',');
  const where = { physicalLocation, latitude, longitude };
  const place = { category, geography, ...where, paired, zones: Number(zones) };
  return { name, displayName, geographyGroup, physical: true, place };
}
