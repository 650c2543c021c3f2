/* A capture library with the exports that gopacket asks for. Its adapters replay
 * capture files at the pace at which they were recorded, stamped as if they were
 * happening now. As with Npcap, pcap_setdirection is refused, stamps are in
 * microseconds, and raw IP has the number 12.
 */
#include "adapters.h"

typedef struct pcap {
	struct adapter *a;
	FILE *file;
	int timeout, nano, delivered;
	long long due; /* of the record in hand, microseconds after the first of all files; -1: none */
	unsigned char buf[65536];
	char err[256];
	struct header { struct { int sec, usec; } ts; unsigned caplen, len; } head;
	unsigned received;
} pcap_t;

struct pcap_addr;
struct pcap_if {
	struct pcap_if *next;
	char *name, *description;
	struct pcap_addr *addresses;
	unsigned flags;
};

#define PCAP_ERROR (-1)
#define PCAP_ERROR_TSTAMP_PRECISION_NOTSUP (-12)
#define HIPREC 2
#define HIPREC_UNSYNCED 5
#define UP_AND_RUNNING 6 /* PCAP_IF_UP | PCAP_IF_RUNNING */
#define LEAD 1000000LL   /* from the first activation to the first packet, microseconds: both taps are open then */

static long long first = -1;  /* stamp of the earliest record of all files */
static long long anchor = -1; /* when that one is delivered */

static void note(const char *what, const char *device, int n)
{
	char path[MAX_PATH];
	FILE *f;
	fake_path(path, sizeof path, "calls.txt");
	f = fopen(path, "a");
	if (!f)
		return;
	fprintf(f, "%s %s %d\n", what, device, n);
	fclose(f);
}

static long long now_us(void)
{
	FILETIME ft;
	ULARGE_INTEGER u;
	GetSystemTimePreciseAsFileTime(&ft);
	u.LowPart = ft.dwLowDateTime;
	u.HighPart = ft.dwHighDateTime;
	return (long long)(u.QuadPart / 10) - 11644473600000000LL;
}

static FILE *open_capture(const char *path, int *nano)
{
	unsigned head[6];
	FILE *f = fopen(path, "rb");
	if (f && fread(head, sizeof head, 1, f) != 1) {
		fclose(f);
		return NULL;
	}
	if (f)
		*nano = head[0] == 0xa1b23c4d;
	return f;
}

/* advance reads the next record; its stamp, or -1 at the end of the file. */
static long long advance(FILE *f, int nano, unsigned *caplen, unsigned *len, unsigned char *buf)
{
	unsigned rec[4];
	if (!f || fread(rec, sizeof rec, 1, f) != 1 || rec[2] > 65536 || fread(buf, 1, rec[2], f) != rec[2])
		return -1;
	*caplen = rec[2];
	*len = rec[3];
	return rec[0] * 1000000LL + (nano ? rec[1] / 1000 : rec[1]);
}

static void find_first(void)
{
	static unsigned char buf[65536];
	unsigned caplen, len;
	for (int i = 0; i < adapter_count; i++) {
		char path[MAX_PATH];
		int nano = 0;
		FILE *f;
		long long t;
		if (!*adapters[i].field[F_FILE])
			continue;
		fake_path(path, sizeof path, adapters[i].field[F_FILE]);
		f = open_capture(path, &nano);
		t = advance(f, nano, &caplen, &len, buf);
		if (t >= 0 && (first < 0 || t < first))
			first = t;
		if (f)
			fclose(f);
	}
}

BOOL WINAPI DllMain(HINSTANCE h, DWORD reason, LPVOID reserved)
{
	(void)h, (void)reserved;
	if (reason == DLL_PROCESS_ATTACH) {
		read_adapters();
		find_first();
	}
	return TRUE;
}

static void device_name(struct adapter *a, char *out, size_t n)
{
	snprintf(out, n, "\\Device\\NPF_%s", *a->field[F_GUID] ? a->field[F_GUID] : "Loopback");
}

int pcap_findalldevs(struct pcap_if **all, char *err)
{
	struct pcap_if **end = all;
	(void)err;
	*all = NULL;
	for (int i = 0; i < adapter_count; i++) {
		struct pcap_if *d = calloc(1, sizeof *d);
		char name[128];
		device_name(&adapters[i], name, sizeof name);
		d->name = strdup(name);
		d->description = strdup(adapters[i].field[F_DESC]);
		d->flags = UP_AND_RUNNING;
		*end = d;
		end = &d->next;
	}
	return 0;
}

void pcap_freealldevs(struct pcap_if *d)
{
	while (d) {
		struct pcap_if *next = d->next;
		free(d->name), free(d->description), free(d);
		d = next;
	}
}

pcap_t *pcap_create(const char *device, char *err)
{
	pcap_t *p = calloc(1, sizeof *p);
	(void)err;
	for (int i = 0; i < adapter_count; i++) {
		char name[128];
		device_name(&adapters[i], name, sizeof name);
		if (!_stricmp(name, device))
			p->a = &adapters[i];
	}
	p->due = -1;
	return p;
}

static void load_next(pcap_t *p)
{
	long long t = advance(p->file, p->nano, &p->head.caplen, &p->head.len, p->buf);
	p->due = t < 0 ? -1 : t - first;
}

static int gone(struct adapter *a)
{
	int after = atoi(a->field[F_VANISH]);
	return after && anchor >= 0 && now_us() >= anchor + after * 1000LL;
}

static int start(pcap_t *p)
{
	int status;
	if (!p->a || gone(p->a)) {
		strcpy(p->err, "Error opening adapter: The system cannot find the device specified.");
		return -5;
	}
	status = atoi(p->a->field[F_STATUS]);
	if (status == -8)
		strcpy(p->err, "The helper program for \"Admin-only Mode\" must be allowed to make changes to your device");
	if (status == 1)
		strcpy(p->err, "Unknown NdisMedium value 19, defaulting to DLT_EN10MB");
	if (status < 0)
		return status;
	note("activate", p->a->field[F_NAME], status);
	if (*p->a->field[F_FILE]) {
		char path[MAX_PATH];
		fake_path(path, sizeof path, p->a->field[F_FILE]);
		p->file = open_capture(path, &p->nano);
	}
	if (anchor < 0)
		anchor = now_us() + LEAD;
	load_next(p);
	return status;
}

int pcap_activate(pcap_t *p) { return start(p); }

/* As in libpcap, a warning is no failure here. */
pcap_t *pcap_open_live(const char *device, int snaplen, int promisc, int timeout, char *err)
{
	pcap_t *p = pcap_create(device, err);
	(void)snaplen, (void)promisc;
	p->timeout = timeout;
	if (start(p) < 0) {
		snprintf(err, sizeof p->err, "%s", p->err);
		free(p);
		return NULL;
	}
	return p;
}

void pcap_close(pcap_t *p)
{
	if (p->file)
		fclose(p->file);
	free(p);
}

int pcap_next_ex(pcap_t *p, struct header **head, unsigned char **data)
{
	long long due, now = now_us();
	if (gone(p->a)) {
		strcpy(p->err, "PacketReceivePacket error: The interface disappeared");
		return PCAP_ERROR;
	}
	if (p->delivered)
		load_next(p);
	p->delivered = 0;
	due = p->due < 0 ? -1 : anchor + p->due;
	if (due < 0 || due > now) {
		long long wait = p->timeout * 1000LL;
		if (due >= 0 && due - now < wait)
			wait = due - now;
		Sleep((DWORD)(wait / 1000) + 1);
		if (due < 0 || due > now_us())
			return 0;
	}
	p->delivered = 1;
	p->received++;
	p->head.ts.sec = (int)(due / 1000000);
	p->head.ts.usec = (int)(due % 1000000);
	*head = &p->head;
	*data = p->buf;
	return 1;
}

int pcap_stats(pcap_t *p, unsigned *stats)
{
	stats[0] = p->received;
	stats[1] = stats[2] = 0;
	return 0;
}

int pcap_datalink(pcap_t *p) { return atoi(p->a->field[F_DLT]); }
char *pcap_geterr(pcap_t *p) { return p->err; }
int pcap_set_snaplen(pcap_t *p, int n) { (void)p, (void)n; return 0; }
int pcap_set_promisc(pcap_t *p, int n) { (void)p, (void)n; return 0; }
int pcap_set_buffer_size(pcap_t *p, int n) { (void)p, (void)n; return 0; }
int pcap_set_timeout(pcap_t *p, int ms) { p->timeout = ms; return 0; }
int pcap_setnonblock(pcap_t *p, int on, char *err) { (void)p, (void)on, (void)err; return 0; }
int pcap_set_tstamp_precision(pcap_t *p, int n) { (void)p; return n ? PCAP_ERROR_TSTAMP_PRECISION_NOTSUP : 0; }
int pcap_get_tstamp_precision(pcap_t *p) { (void)p; return 0; }
const char *pcap_lib_version(void) { return "Npcap version 1.87 (a replay), based on libpcap version 1.10.6"; }

int pcap_set_tstamp_type(pcap_t *p, int type)
{
	note("tstamp", p->a ? p->a->field[F_NAME] : "?", type);
	return 0;
}

int pcap_list_tstamp_types(pcap_t *p, int **list)
{
	(void)p;
	*list = malloc(2 * sizeof **list);
	(*list)[0] = HIPREC_UNSYNCED;
	(*list)[1] = HIPREC;
	return 2;
}

void pcap_free_tstamp_types(int *list) { free(list); }

const char *pcap_tstamp_type_val_to_name(int type)
{
	return type == HIPREC ? "host_hiprec" : type == HIPREC_UNSYNCED ? "host_hiprec_unsynced" : NULL;
}

int pcap_tstamp_type_name_to_val(const char *name)
{
	return !strcmp(name, "host_hiprec") ? HIPREC : !strcmp(name, "host_hiprec_unsynced") ? HIPREC_UNSYNCED : PCAP_ERROR;
}

const char *pcap_statustostr(int status)
{
	switch (status) {
	case -5: return "No such device exists";
	case -8: return "You don't have permission to perform this capture on that device";
	case 1: return "Generic warning";
	}
	return "Generic error";
}

/* Never called: gopacket only wants to find them. */
#define UNUSED(name) int name(void) { return PCAP_ERROR; }
UNUSED(pcap_strerror)
UNUSED(pcap_open_offline)
UNUSED(pcap_compile)
UNUSED(pcap_freecode)
UNUSED(pcap_lookupnet)
UNUSED(pcap_offline_filter)
UNUSED(pcap_setfilter)
UNUSED(pcap_list_datalinks)
UNUSED(pcap_free_datalinks)
UNUSED(pcap_datalink_val_to_name)
UNUSED(pcap_datalink_val_to_description)
UNUSED(pcap_open_dead)
UNUSED(pcap_set_datalink)
UNUSED(pcap_datalink_name_to_val)
UNUSED(pcap_sendpacket)
UNUSED(pcap_setdirection)
UNUSED(pcap_snapshot)
#ifndef OLD /* as a library that is not Npcap's */
UNUSED(pcap_hopen_offline)
#endif
