/* The adapters of a machine that does not exist, for wpcap.c and iphlpapi.c.
 *
 * adapters.txt in the folder that WGTRACE_FAKE names has one line for each:
 *
 *   GUID|name|description|type|MAC|index|address/bits,...|gateway|DLT|capture|status|vanish
 *
 * type is an IANA ifType, capture a pcap file in that folder that is replayed,
 * status what pcap_activate returns, vanish after how many milliseconds of the
 * replay the adapter is gone (0: never). An empty GUID hides the adapter from
 * the IP Helper and calls it NPF_Loopback.
 */
#include <winsock2.h>
#include <ws2tcpip.h>
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ADAPTERS 8
#define FIELDS 12

struct adapter {
	char line[1024];
	char *field[FIELDS];
};

enum { F_GUID, F_NAME, F_DESC, F_TYPE, F_MAC, F_INDEX, F_ADDRS, F_GATEWAY, F_DLT, F_FILE, F_STATUS, F_VANISH };

static struct adapter adapters[MAX_ADAPTERS];
static int adapter_count;

static void fake_path(char *out, size_t n, const char *name)
{
	const char *dir = getenv("WGTRACE_FAKE");
	snprintf(out, n, "%s\\%s", dir ? dir : ".", name);
}

static inline void read_adapters(void)
{
	char path[MAX_PATH];
	FILE *f;
	fake_path(path, sizeof path, "adapters.txt");
	f = fopen(path, "r");
	if (!f)
		return;
	while (adapter_count < MAX_ADAPTERS && fgets(adapters[adapter_count].line, sizeof adapters[0].line, f)) {
		struct adapter *a = &adapters[adapter_count];
		char *p = a->line;
		int i;
		p[strcspn(p, "\r\n")] = 0;
		for (i = 0; i < FIELDS && p; i++) {
			a->field[i] = p;
			p = strchr(p, '|');
			if (p)
				*p++ = 0;
		}
		if (i == FIELDS)
			adapter_count++;
	}
	fclose(f);
}
