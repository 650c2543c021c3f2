/* The questions that wgtrace and Go's net package ask the IP Helper, answered
 * from adapters.txt. The default route leads through the adapter with a gateway.
 * Forwarding is asked of PowerShell, not here. Counters tell of ten packets a
 * second that come out of the tunnel, and of none that is passed on. */
#define WINVER 0x0600
#define _WIN32_WINNT 0x0600
#include "adapters.h"
#include <iptypes.h>
#include <netioapi.h>

BOOL WINAPI DllMain(HINSTANCE h, DWORD reason, LPVOID reserved)
{
	(void)h, (void)reserved;
	if (reason == DLL_PROCESS_ATTACH)
		read_adapters();
	return TRUE;
}

static wchar_t *wide(const char *s)
{
	int n = MultiByteToWideChar(CP_UTF8, 0, s, -1, NULL, 0);
	wchar_t *w = malloc(n * sizeof *w);
	MultiByteToWideChar(CP_UTF8, 0, s, -1, w, n);
	return w;
}

static int parse_v4(const char *s, struct in_addr *out)
{
	unsigned a, b, c, d;
	if (sscanf(s, "%u.%u.%u.%u", &a, &b, &c, &d) != 4)
		return 0;
	out->S_un.S_addr = a | b << 8 | c << 16 | d << 24;
	return 1;
}

static void fill(IP_ADAPTER_ADDRESSES *row, struct adapter *a)
{
	unsigned m[6];
	memset(row, 0, sizeof *row);
	row->Length = sizeof *row;
	row->IfIndex = atoi(a->field[F_INDEX]);
	row->Ipv6IfIndex = row->IfIndex;
	row->Luid.Value = row->IfIndex;
	row->AdapterName = a->field[F_GUID];
	row->FriendlyName = wide(a->field[F_NAME]);
	row->Description = wide(a->field[F_DESC]);
	row->DnsSuffix = wide("");
	row->IfType = atoi(a->field[F_TYPE]);
	row->OperStatus = IfOperStatusUp;
	row->Mtu = 1420;
	if (sscanf(a->field[F_MAC], "%x:%x:%x:%x:%x:%x", m, m + 1, m + 2, m + 3, m + 4, m + 5) == 6) {
		row->PhysicalAddressLength = 6;
		for (int i = 0; i < 6; i++)
			row->PhysicalAddress[i] = (BYTE)m[i];
	}
	for (const char *s = a->field[F_ADDRS]; s && *s; s = strchr(s, ',') ? strchr(s, ',') + 1 : NULL) {
		struct sockaddr_in *sin = calloc(1, sizeof *sin);
		IP_ADAPTER_UNICAST_ADDRESS *u = calloc(1, sizeof *u);
		const char *bits = strchr(s, '/');
		if (!bits || !parse_v4(s, &sin->sin_addr))
			continue;
		sin->sin_family = AF_INET;
		u->Length = sizeof *u;
		u->Address.lpSockaddr = (struct sockaddr *)sin;
		u->Address.iSockaddrLength = sizeof *sin;
		u->OnLinkPrefixLength = (UINT8)atoi(bits + 1);
		u->Next = row->FirstUnicastAddress;
		row->FirstUnicastAddress = u;
	}
}

ULONG WINAPI adapters_addresses(ULONG family, ULONG flags, PVOID reserved, IP_ADAPTER_ADDRESSES *out, ULONG *size)
{
	ULONG need = 0, n = 0;
	(void)family, (void)flags, (void)reserved;
	for (int i = 0; i < adapter_count; i++)
		need += *adapters[i].field[F_GUID] ? sizeof *out : 0;
	if (!need)
		return ERROR_NO_DATA;
	if (*size < need) {
		*size = need;
		return ERROR_BUFFER_OVERFLOW;
	}
	for (int i = 0; i < adapter_count; i++) {
		if (!*adapters[i].field[F_GUID])
			continue;
		fill(&out[n], &adapters[i]);
		if (n)
			out[n - 1].Next = &out[n];
		n++;
	}
	return NO_ERROR;
}

DWORD WINAPI forward_table(ADDRESS_FAMILY family, MIB_IPFORWARD_TABLE2 **out)
{
	MIB_IPFORWARD_TABLE2 *t = calloc(1, sizeof *t + MAX_ADAPTERS * sizeof t->Table[0]);
	for (int i = 0; i < adapter_count && family == AF_INET; i++) {
		MIB_IPFORWARD_ROW2 *r = &t->Table[t->NumEntries];
		if (!parse_v4(adapters[i].field[F_GATEWAY], &r->NextHop.Ipv4.sin_addr))
			continue;
		r->NextHop.si_family = AF_INET;
		r->DestinationPrefix.Prefix.si_family = AF_INET;
		r->InterfaceIndex = atoi(adapters[i].field[F_INDEX]);
		r->InterfaceLuid.Value = r->InterfaceIndex;
		t->NumEntries++;
	}
	*out = t;
	return NO_ERROR;
}

VOID WINAPI free_table(PVOID table) { free(table); }

DWORD WINAPI best_interface(struct sockaddr *to, DWORD *index)
{
	for (int i = 0; i < adapter_count && to->sa_family == AF_INET; i++)
		if (*adapters[i].field[F_GATEWAY]) {
			*index = atoi(adapters[i].field[F_INDEX]);
			return NO_ERROR;
		}
	return ERROR_NETWORK_UNREACHABLE;
}

DWORD WINAPI interface_entry(MIB_IPINTERFACE_ROW *row)
{
	row->Metric = 25;
	return NO_ERROR;
}

DWORD WINAPI ip_statistics(MIB_IPSTATS *out, DWORD family)
{
	(void)family;
	memset(out, 0, sizeof *out);
	return NO_ERROR;
}

DWORD WINAPI interface_counters(DWORD level, MIB_IF_ROW2 *row)
{
	(void)level;
	for (int i = 0; i < adapter_count; i++)
		if (*adapters[i].field[F_GUID] && atoi(adapters[i].field[F_INDEX]) == (int)row->InterfaceIndex) {
			row->InUcastPkts = atoi(adapters[i].field[F_TYPE]) == 53 ? GetTickCount() / 100 : 0;
			row->InOctets = row->InUcastPkts * 96;
			return NO_ERROR;
		}
	return ERROR_FILE_NOT_FOUND;
}
