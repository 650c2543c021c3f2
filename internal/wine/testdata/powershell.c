/* Prints powershell.json of the folder that WGTRACE_FAKE names; without one,
 * nothing, as commands do that lack the right to answer. */
#include "adapters.h"
#include <fcntl.h>
#include <io.h>

int main(void)
{
	char path[MAX_PATH];
	FILE *f;
	int c;
	_setmode(1, _O_BINARY);
	fake_path(path, sizeof path, "powershell.json");
	f = fopen(path, "rb");
	while (f && (c = fgetc(f)) != EOF)
		putchar(c);
	return 0;
}
